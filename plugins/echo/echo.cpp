// Sends back what it gets: `body` the body, as it comes; `headers` the request line and the header
// fields, as text; `lines` the lines that come behind the request.
#include <berth/plugin.hpp>

#include <array>
#include <string>
#include <string_view>

#include "lines.h"

namespace {

// Reads and writes in turn, so a body of any size costs one buffer, and a client that does not read
// slows its own upload.
class Body : public berth::Handler {
 public:
  explicit Body(const berth::Config& config) { config.allow_only({}); }

  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    response.set_header("Content-Type",
                        request.header("Content-Type").value_or("application/octet-stream"));
    response.set_header("X-Content-Type-Options", "nosniff");
    if (const auto length = request.content_length()) {
      response.set_header("Content-Length", std::to_string(*length));
    }
    std::array<char, 16384> buffer;
    while (const std::size_t size = request.read(buffer)) {
      response.write({buffer.data(), size});
    }
  }
};

// Bytes that a terminal or a browser could take for more than text become \xHH.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      out += c;
    } else {
      out.append("\\x").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    }
  }
}

class Headers : public berth::Handler {
 public:
  explicit Headers(const berth::Config& config) { config.allow_only({}); }

  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    std::string text;
    append_escaped(text, request.method());
    text += ' ';
    append_escaped(text, request.target());
    text += ' ';
    append_escaped(text, request.protocol());
    text += '\n';
    for (const auto& [name, value] : request.headers()) {
      append_escaped(text, name);
      text += ": ";
      append_escaped(text, value);
      text += '\n';
    }
    response.set_header("Content-Type", "text/plain; charset=utf-8");
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Cache-Control", "no-store");  // cookies and credentials are among them
    response.write(text);
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Body>("body"), berth::handler<Headers>("headers"),
             berth::handler<echo::Lines>("lines"));
