#include "support/routes.h"

#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "serve/error_reply.h"

namespace berth::test {

Routes::Routes() {
  missing_.handler = this;
  missing_.ignores_body = true;
}

serve::Route& Routes::add(std::string path, Function function) {
  Entry& entry = entries_.emplace_back();
  entry.path = std::move(path);
  entry.function = std::move(function);
  entry.route.handler = this;
  entry.route.pattern = entry.path;
  return entry.route;
}

const serve::Route& Routes::route(serve::Request& request) {
  for (const Entry& entry : entries_) {
    if (entry.path.empty() || entry.path == request.raw_path()) return entry.route;
  }
  return missing_;
}

void Routes::serve(serve::ResponseWriter& response, serve::Request& request) {
  for (const Entry& entry : entries_) {
    if (&entry.route == &request.route()) return entry.function(response, request);
  }
  serve::reply_error(response, 404, {});
}

void teach_that_it_blocks(const serve::Route& route) {
  // More than it takes, so that some quick calls do not bring it back.
  for (int i = 0; i < 1'000; ++i) (void)route.learning.record(std::chrono::milliseconds(1));
}

void teach_that_it_is_quick(const serve::Route& route) {
  while (!route.learning.settled()) (void)route.learning.record(base::Duration(0));
}

ReadBody read_body(serve::Request& request, std::size_t piece) {
  ReadBody body;
  std::vector<char> buffer(piece);
  for (;;) {
    const auto got = request.read(buffer);
    if (!got) {
      body.error = got.error();
      return body;
    }
    if (*got == 0) return body;
    body.bytes.append(buffer.data(), *got);
  }
}

void add_usual_routes(Routes& routes) {
  routes.add("/hello", [](serve::ResponseWriter& response, serve::Request&) {
    (void)response.write("hello, world\n");
  });
  routes.add("/echo", [](serve::ResponseWriter& response, serve::Request& request) {
    const ReadBody body = read_body(request);
    if (body.error) {
      const bool large = *body.error == serve::IoError::kTooLarge;
      return serve::reply_error(response, large ? 413 : 400, serve::text(*body.error));
    }
    for (const http::Field trailer : request.trailers()) {
      (void)response.add_field("X-Trailer-" + std::string(trailer.name), trailer.value);
    }
    (void)response.set_field("Content-Type", "application/octet-stream");
    (void)response.write(body.bytes);
  });
  routes.add("/stream", [](serve::ResponseWriter& response, serve::Request&) {
    (void)response.write("first");
    (void)response.flush();
    (void)response.write("second");
  });
  routes.add("/throw", [](serve::ResponseWriter&, serve::Request&) {
    throw std::runtime_error("a handler that fails");
  });
  routes.add("/cut", [](serve::ResponseWriter& response, serve::Request&) {
    (void)response.write("some of it");
    (void)response.flush();
    throw std::runtime_error("a handler that fails late");
  });
  routes.add("/empty", [](serve::ResponseWriter&, serve::Request&) {});
  routes.add("/unread", [](serve::ResponseWriter& response, serve::Request&) {
    (void)response.write("not read\n");
  });
}

}  // namespace berth::test
