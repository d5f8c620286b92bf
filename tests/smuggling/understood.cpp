// A handler that tells what it took a request for, in the fields Understood and Number and without
// a body, so that a reply has the same end for every client, whatever was smuggled. It reads the
// body of what is not for /unread.
#include <berth/plugin.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kShownBytes = 32;
constexpr std::size_t kMaxBody = 1U << 20U;

// A word of the field: bytes that would not be one visible character each become \xHH.
std::string word(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '\\') {
      out += c;
    } else {
      out.append("\\x").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    }
  }
  return out.empty() ? "-" : out;
}

class Understood : public berth::Handler {
 public:
  // The number counts requests that are answered.
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    std::string facts = word(request.method());
    facts.append(1, ' ').append(word(request.target()));
    facts.append(1, ' ').append(word(request.host()));
    if (request.target() == "/unread") {
      facts.append(" unread");
    } else {
      const std::string body = request.read_all(kMaxBody);
      facts.append(1, ' ').append(std::to_string(body.size()));
      if (!body.empty())
        facts.append(1, ' ').append(word(std::string_view(body).substr(0, kShownBytes)));
    }
    response.set_header("Understood", facts);
    response.set_header("Number", std::to_string(count_.fetch_add(1) + 1));
  }

 private:
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace

BERTH_PLUGIN(berth::handler<Understood>("request"));
