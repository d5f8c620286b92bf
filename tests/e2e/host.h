// The real `berth` for a test: a folder with configuration and state, its verbs, and a running
// host whose ports the system chose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/child.h"
#include "support/raw_client.h"

namespace berth::e2e {

// A folder of one test, removed with it. Its files are trusted whatever the umask is.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Writes a file of the folder and returns its path.
  std::string write(const std::string& name, std::string_view text) const;
  // For programs started in this folder, with their state in it.
  [[nodiscard]] ChildOptions child_options() const;

 private:
  std::string path_;
};

// Runs a verb of the berth that was built, in the folder.
[[nodiscard]] Outcome berth(const Folder& folder, std::vector<std::string> arguments);

// Parts of configurations: a listener "public" on 127.0.0.1, the shipped plugins, their routes.
inline constexpr std::string_view kListen = R"(
listen:
  - { name: public, address: "127.0.0.1:0" }
)";
inline constexpr std::string_view kPlugins = R"(
plugins:
  hello: { file: hello.so }
  echo: { file: echo.so }
)";
inline constexpr std::string_view kRoutes = R"(
routes:
  - { pattern: "GET /hello/{name}", handler: hello.hello }
  - { pattern: "GET /tree/", handler: hello.hello }
  - { pattern: "POST /echo", handler: echo.body, max_body: 1GiB }
  - { pattern: "POST /short", handler: echo.body, max_body: 1KiB }
  - { pattern: "GET /headers", handler: echo.headers }
)";
// All of them, then `more`.
[[nodiscard]] std::string usual(std::string_view more = {});

// A `berth run` that serves: supervisor and host. Ends with the object, and that it does so in
// order, with exit code 0 and an orderly log, is part of every test.
class Host {
 public:
  // `program`: another berth than the one that was built.
  explicit Host(std::string_view configuration, const std::string& program = {});
  // `berth run --no-supervisor`: the process of child() is the one that serves.
  struct Alone {};
  Host(std::string_view configuration, Alone);
  // With `more` beside what Folder::child_options() says.
  Host(std::string_view configuration, const ChildOptions& more);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  [[nodiscard]] const Folder& folder() const noexcept { return folder_; }
  [[nodiscard]] Child& child() noexcept { return child_; }
  [[nodiscard]] std::uint16_t port(std::string_view listener = "public");
  [[nodiscard]] test::RawClient connect() { return test::RawClient(port()); }
  // GET /hello/NAME over a connection of its own; the body, or the status if it is not 200.
  [[nodiscard]] std::string hello(const std::string& name);
  // SIGTERM, then waits for the end; what it logged in all.
  std::string stop();

 private:
  Folder folder_;
  Child child_;
};

// Of a listener that the log of a host names; 0, with a test failure: it names none.
[[nodiscard]] std::uint16_t port_in(std::string_view log, std::string_view listener = "public");

// The lines of a text, all of which are whole and printable ASCII. Fails the test where one is not.
std::vector<std::string_view> expect_printable_lines(std::string_view text);
// Every line is one of the host's log, but for crash reports. Fails the test where one is not.
void expect_orderly_log(std::string_view log);

}  // namespace berth::e2e
