// Gives every request an id: the client's own if it is a safe one, else a new one. It is a field of
// the response, and those behind read it there: response.header(). The error reply to a failed
// handler has it too; what the server answers without the handler or in its stead (400, 413, 503 of
// a full queue or the deadline) has not, nor has a 500 in place of a head that has passed already.
#include <berth/plugin.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "random_id.h"

namespace {

constexpr std::string_view kDefaultHeader = "X-Request-Id";
constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxHeader = 64;

// Those that mean something already, in a request (credentials would be sent back) or a response;
// lower case.
constexpr std::string_view kTaken =
    " allow authorization connection content-encoding content-length content-type cookie date host"
    " keep-alive location proxy-authorization proxy-connection retry-after set-cookie trailer"
    " transfer-encoding upgrade www-authenticate x-content-type-options ";

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
  return kTaken.find(' ' + name + ' ') != std::string_view::npos;
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
