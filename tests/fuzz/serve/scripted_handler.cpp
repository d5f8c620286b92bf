#include "fuzz/serve/scripted_handler.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "serve/hijacked.h"

namespace berth::fuzz {

namespace {

using serve::Request;
using serve::ResponseWriter;

// A body that says to be larger is refused.
constexpr std::uint64_t kMostBody = 64 * 1024;
constexpr std::size_t kLargeReply = 300 * 1024;

// What a handler does whose client is gone or sends nonsense.
struct GivenUp : std::runtime_error {
  GivenUp() : std::runtime_error("the body cannot be read") {}
};

// Up to `most` bytes of the body, fewer only at its end: how they come makes no difference.
std::string read(Request& request, std::size_t most) {
  std::string bytes(most, '\0');
  std::size_t have = 0;
  while (have < most) {
    const auto got = request.read({bytes.data() + have, most - have});
    if (!got) throw GivenUp();
    if (*got == 0) break;
    have += *got;
  }
  bytes.resize(have);
  return bytes;
}

std::string read_all(Request& request) {
  std::string body;
  for (std::string piece = read(request, 512); !piece.empty(); piece = read(request, 512)) {
    body += piece;
  }
  return body;
}

void all(ResponseWriter& response, Request& request) {
  const std::string body = read_all(request);
  (void)response.write(request.method());
  (void)response.write(" ");
  (void)response.write(request.target());
  (void)response.write(" from ");
  (void)response.write(request.host());
  (void)response.write("\n");
  (void)response.write(body);
  for (const http::Field trailer : request.trailers()) {
    (void)response.write(trailer.name);
    (void)response.write(trailer.value);
  }
}

void none(ResponseWriter& response, Request&) { (void)response.write("not read"); }

void part(ResponseWriter& response, Request& request) { (void)response.write(read(request, 3)); }

void first(ResponseWriter& response, Request& request) {
  (void)response.write("first");
  (void)response.flush();
  (void)response.write(read_all(request));
  for (const http::Field trailer : request.trailers()) {
    (void)response.add_trailer(trailer.name, trailer.value);
  }
}

void duplex(ResponseWriter& response, Request& request) {
  for (std::string piece = read(request, 7); !piece.empty(); piece = read(request, 7)) {
    (void)response.write(piece);
    (void)response.flush();
  }
}

void length(ResponseWriter& response, Request& request) {
  const std::string body = read_all(request);
  (void)response.set_field("Content-Length", std::to_string(body.size()));
  (void)response.write(body);
}

void too_short(ResponseWriter& response, Request&) {
  (void)response.set_field("Content-Length", "10");
  (void)response.write("short");
}

void too_long(ResponseWriter& response, Request&) {
  (void)response.set_field("Content-Length", "4");
  (void)response.write("long");
  (void)response.write("er");
}

void throw_early(ResponseWriter& response, Request&) {
  (void)response.write("never sent");
  throw GivenUp();
}

void throw_late(ResponseWriter& response, Request&) {
  (void)response.write("sent");
  (void)response.flush();
  throw GivenUp();
}

void hints(ResponseWriter& response, Request& request) {
  (void)response.set_status(103);
  all(response, request);
}

void large(ResponseWriter& response, Request&) {
  static const std::string kPiece(10 * 1024, 'x');
  for (std::size_t sent = 0; sent < kLargeReply; sent += kPiece.size()) {
    (void)response.write(kPiece);
  }
}

void no_content(ResponseWriter& response, Request&) {
  (void)response.set_status(204);
  (void)response.write("refused");
}

void not_modified(ResponseWriter& response, Request& request) {
  (void)response.set_field("ETag", "\"a\"");
  (void)response.set_status(304);
  (void)read_all(request);
}

void reflect(ResponseWriter& response, Request& request) {
  (void)response.set_field("X-Path", request.path());
  (void)response.set_field("X-Query", request.query());
  (void)response.set_field(request.path(), "x");
  for (const http::Field field : request.fields()) {
    (void)response.add_field("X-Was-" + std::string(field.name), field.value);
  }
  (void)response.write(read_all(request));
}

// Whatever comes, until the client ends, and then all of it. Nothing of the exchange is left then.
void echo_raw(serve::Hijacked& connection, std::size_t number) {
  std::string reply =
      "HTTP/1.1 200 OK\r\nX-Served: " + std::to_string(number) + "\r\nConnection: close\r\n\r\n";
  std::array<char, 64> buffer;
  for (;;) {
    const auto got = connection.read(buffer, std::nullopt);
    if (!got || *got == 0) break;
    reply.append(buffer.data(), *got);
  }
  (void)connection.write(reply, std::nullopt);
}

struct Entry {
  std::string_view path;
  void (*behaviour)(ResponseWriter&, Request&);
};

constexpr std::size_t kEarly = 0;
constexpr std::size_t kBlocks = 1;
constexpr std::size_t kHijack = 2;
constexpr std::array kEntries{
    Entry{"/early", none},       Entry{"/blocks", all},        Entry{"/hijack", nullptr},
    Entry{"/none", none},        Entry{"/part", part},         Entry{"/first", first},
    Entry{"/duplex", duplex},    Entry{"/length", length},     Entry{"/short", too_short},
    Entry{"/long", too_long},    Entry{"/throw", throw_early}, Entry{"/late", throw_late},
    Entry{"/hints", hints},      Entry{"/large", large},       Entry{"/204", no_content},
    Entry{"/304", not_modified}, Entry{"/reflect", reflect},   Entry{"/all", all},
};

}  // namespace

ScriptedHandler::ScriptedHandler(std::size_t connections) : served_(connections) {
  for (const Entry& entry : kEntries) {
    serve::Route& route = routes_.emplace_back();
    route.handler = this;
    route.pattern = entry.path;
    route.max_body = kMostBody;
    route.ignores_body = &entry == &kEntries[kEarly];
    route.timeout = base::Duration::zero();
    // How long a call takes on a busy machine shall not choose its thread.
    if (&entry != &kEntries[kBlocks]) route.learning.turn_off();
  }
}

void ScriptedHandler::teach_that_blocks_does() const {
  sched::Learning& learning = routes_[kBlocks].learning;
  while (!learning.offloaded()) (void)learning.record(std::chrono::milliseconds(1));
}

const serve::Route& ScriptedHandler::route(Request& request) {
  const std::string_view path = request.raw_path();
  for (const serve::Route& route : routes_) {
    if (path.starts_with(route.pattern)) return route;
  }
  return routes_.back();
}

void ScriptedHandler::serve(ResponseWriter& response, Request& request) {
  std::vector<ServedRequest>& served = served_[request.connected().listener_index()];
  served.push_back({.head = request.method() == "HEAD"});
  const std::size_t number = served.size();
  const std::string_view pattern = request.route().pattern;
  if (pattern == kEntries[kHijack].path) {
    if (auto connection = response.hijack()) {
      served.back().head = false;
      served.back().hijacked = true;
      return echo_raw(**connection, number);
    }
    served.back().failed = true;
    throw GivenUp();
  }
  (void)response.set_field("X-Served", std::to_string(number));
  const auto entry = std::find_if(kEntries.begin(), kEntries.end(),
                                  [&](const Entry& one) { return one.path == pattern; });
  try {
    entry->behaviour(response, request);
  } catch (const GivenUp&) {
    served.back().failed = true;
    throw;
  }
  // It has failed without knowing.
  served.back().failed = entry->behaviour == too_short;
}

std::vector<ServedRequest> ScriptedHandler::take_served(std::size_t connection) {
  return std::exchange(served_[connection], {});
}

}  // namespace berth::fuzz
