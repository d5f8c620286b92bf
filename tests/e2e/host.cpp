#include "e2e/host.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace berth::e2e {

namespace {

std::vector<std::string> run_command(const Folder& folder, std::string_view configuration,
                                     const std::string& program) {
  return {program.empty() ? BERTH_PROGRAM : program, "run", "--allow-root", "-c",
          folder.write("berth.yaml", configuration)};
}

ChildOptions with(ChildOptions options, const ChildOptions& more) {
  options.environment.insert(more.environment.begin(), more.environment.end());
  options.descriptors = more.descriptors;
  return options;
}

}  // namespace

Folder::Folder() {
  std::string name = ::testing::TempDir() + "berth-e2e-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = std::filesystem::canonical(name).string();
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, std::string_view text) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(::chmod(path.c_str(), 0644), 0);
  return path;
}

ChildOptions Folder::child_options() const {
  return {.environment = {{"STATE_DIRECTORY", path_ + "/state"}, {"RUNTIME_DIRECTORY", path_}},
          .folder = path_};
}

Outcome berth(const Folder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), BERTH_PROGRAM);
  return run(arguments, folder.child_options());
}

std::string usual(std::string_view more) {
  return std::string(kListen).append(kPlugins).append(kRoutes).append(more);
}

Host::Host(std::string_view configuration, const std::string& program)
    : child_(run_command(folder_, configuration, program), folder_.child_options()) {
  child_.wait_for("serving");
}

Host::Host(std::string_view configuration, Alone)
    : child_(
          [&] {
            auto words = run_command(folder_, configuration, {});
            words.emplace_back("--no-supervisor");
            return words;
          }(),
          folder_.child_options()) {
  child_.wait_for("serving");
}

Host::Host(std::string_view configuration, const ChildOptions& more)
    : child_(run_command(folder_, configuration, {}), with(folder_.child_options(), more)) {
  child_.wait_for("serving");
}

Host::~Host() {
  if (child_.running()) (void)stop();
}

std::uint16_t Host::port(std::string_view listener) { return port_in(child_.err(), listener); }

std::string Host::hello(const std::string& name) {
  test::RawClient client = connect();
  client.send("GET /hello/" + name + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  test::Reply reply = client.read_reply();
  return reply.status == 200 ? reply.body : std::to_string(reply.status);
}

std::string Host::stop() {
  child_.signal(SIGTERM);
  EXPECT_EQ(child_.wait(), 0) << child_.err();
  expect_printable_lines(child_.out());  // the access log
  expect_orderly_log(child_.err());
  return child_.err();
}

std::uint16_t port_in(std::string_view log, std::string_view listener) {
  const std::string name(listener);
  std::size_t at = log.find(" listener=" + name + " address=");
  if (at == std::string::npos) at = log.find("\"listener\":\"" + name + "\"");  // JSON
  EXPECT_NE(at, std::string::npos) << log;
  if (at == std::string::npos) return 0;
  const std::string address(log.substr(at, log.find('\n', at) - at));
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

std::vector<std::string_view> expect_printable_lines(std::string_view text) {
  EXPECT_TRUE(text.empty() || text.ends_with('\n'));
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        << line;
    lines.push_back(line);
  }
  return lines;
}

void expect_orderly_log(std::string_view log) {
  bool report = false;  // of a crash, which has lines of its own
  for (const std::string_view line : expect_printable_lines(log)) {
    if (line == "berth: crash report") report = true;
    if (report) {
      report = line != "berth: end of the crash report";
      continue;
    }
    // 2026-01-02T03:04:05.678Z info message key=value
    const bool stamped = line.size() > 25 && line[4] == '-' && line[10] == 'T' && line[23] == 'Z';
    EXPECT_TRUE(stamped) << line;
    if (!stamped) continue;
    const std::string_view level = line.substr(25, line.find(' ', 25) - 25);
    EXPECT_TRUE(level == "info" || level == "warn" || level == "error") << line;
  }
}

}  // namespace berth::e2e
