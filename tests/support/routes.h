// A root handler for tests: paths with functions that serve them, each with its own limits. Not a
// mux.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "serve/exchange.h"

namespace berth::test {

// Filled before the server starts, then read by many threads.
class Routes final : public serve::Handler {
 public:
  using Function = std::function<void(serve::ResponseWriter&, serve::Request&)>;

  Routes();

  // Serves this path (or "*" and whatever stands in a target). The route may be changed until the
  // server starts.
  serve::Route& add(std::string path, Function function);

  // Serves every path that was not added. Call it last.
  serve::Route& add_default(Function function) { return add("", std::move(function)); }

  // A path that nobody serves gets a 404 without its body being looked at.
  [[nodiscard]] const serve::Route& route(serve::Request& request) override;
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

 private:
  struct Entry {
    std::string path;
    Function function;
    serve::Route route;
  };
  std::deque<Entry> entries_;
  serve::Route missing_;
};

// As if it had been called often. By calls that did not happen: of those that do a busy machine
// interrupts some for so long that they count as slow.
void teach_that_it_blocks(const serve::Route& route);
void teach_that_it_is_quick(const serve::Route& route);

// Reads a body to its end. An error stands in `error`.
struct ReadBody {
  std::string bytes;
  std::optional<serve::IoError> error;
};
[[nodiscard]] ReadBody read_body(serve::Request& request, std::size_t piece = 4096);

// A set of routes that contract tests share:
//   /hello  "hello, world\n"
//   /echo   reads the body, then sends it back (413 or 400 where it cannot be read)
//   /stream "first", flush, "second"; so chunked
//   /throw  throws before anything is sent
//   /cut    sends some of a chunked body, then throws
//   /empty  writes nothing
//   /unread answers 200 without reading the body
void add_usual_routes(Routes& routes);

}  // namespace berth::test
