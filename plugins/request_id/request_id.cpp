// Gives every request an id: the client's own if it is a safe one, else a new one. It is a field of
// the response, error replies included, and those behind read it there: response.header().
#include <berth/plugin.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "random_id.h"

namespace {

constexpr std::string_view kDefaultHeader = "X-Request-Id";
constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxHeader = 64;

// Those of the response that mean something already; lower case.
constexpr std::array<std::string_view, 12> kTaken{
    "connection", "content-encoding", "content-length", "content-type",
    "date",       "keep-alive",       "location",       "proxy-connection",
    "set-cookie", "trailer",          "upgrade",        "transfer-encoding"};

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What no log, shell or page takes for more than text.
bool is_safe_id(std::string_view id) {
  constexpr std::string_view kMarks = "-_.~:/+=@";
  return !id.empty() && id.size() <= kMaxId && std::all_of(id.begin(), id.end(), [&](char c) {
    return is_letter_or_digit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxHeader &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

bool is_taken(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end();
}

// An error reply of the server begins anew, without the fields that were set before.
class Keep : public berth::Filter {
 public:
  Keep(const std::string& header, std::string id) : header_(header), id_(std::move(id)) {}
  void on_head(berth::ResponseWriter& response, const berth::Request&) override {
    if (!response.header(header_)) response.set_header(header_, id_);
  }

 private:
  const std::string& header_;
  const std::string id_;
};

class Assign : public berth::Middleware {
 public:
  explicit Assign(const berth::Config& config)
      : header_(config.get<std::string>("header", std::string(kDefaultHeader))),
        accept_(config.get<bool>("accept", true)) {
    config.allow_only({"header", "accept"});
    if (!is_header_name(header_)) {
      config["header"].fail("not a name of letters, digits, - and _, at most 64");
    }
    if (is_taken(header_)) config["header"].fail("this field has a meaning of its own");
  }

  void serve(berth::ResponseWriter& response, berth::Request& request, berth::Next& next) override {
    const auto given = request.header(header_);
    const bool take = accept_ && given && is_safe_id(*given);
    std::string id = take ? std::string(*given) : request_id::make();
    response.set_header(header_, id);
    next(std::make_unique<Keep>(header_, std::move(id)));
  }

 private:
  const std::string header_;
  const bool accept_;
};

}  // namespace

BERTH_PLUGIN(berth::middleware<Assign>("assign"));
