// What `cmake --install` lays out is a whole berth: a plugin is built against it out of the tree,
// inspected, validated and served, and all of it works again wherever the prefix is moved to.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

void expect_success(const Outcome& outcome) {
  ASSERT_EQ(outcome.code, 0) << outcome.out << outcome.err;
}

// A prefix with a plugin beside it, used as an author of plugins uses it.
void expect_serves(const std::string& prefix, const std::string& plugin) {
  const std::string program = prefix + "/bin/berth";
  const std::string configuration = std::string(kListen)
                                        .append("plugins:\n  mine: { file: ")
                                        .append(plugin)
                                        .append(" }\n  hello: { file: hello.so }\n")
                                        .append("routes:\n")
                                        .append("  - { pattern: GET /mine, handler: mine }\n")
                                        .append("  - { pattern: \"GET /hello/{name}\",")
                                        .append(" handler: hello }\n");
  const Folder folder;
  const std::string file = folder.write("berth.yaml", configuration);
  const Outcome inspected = run({program, "plugin", "inspect", plugin}, folder.child_options());
  expect_success(inspected);
  EXPECT_NE(inspected.out.find("\nname        consumer\n"), std::string::npos) << inspected.out;
  EXPECT_NE(inspected.out.find("\nkinds       hello\n"), std::string::npos) << inspected.out;
  expect_success(run({program, "validate", "-c", file}, folder.child_options()));
  const std::string example = prefix + "/share/berth/example/berth.yaml";
  expect_success(run({program, "validate", "-c", example}, folder.child_options()));

  Host host(configuration, program);
  test::RawClient client = host.connect();
  client.send("GET /mine HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
  EXPECT_EQ(host.hello("you"), "hello, you\n");  // the shipped plugin, by its bare name
}

TEST(Install, APluginOutOfTheTreeIsBuiltAndServedAndThePrefixMayMove) {
  const Folder folder;
  const std::string prefix = folder.path() + "/first/prefix";
  expect_success(run({BERTH_CMAKE, "--install", BERTH_BUILD_DIR, "--prefix", prefix}));
  const std::string build = folder.path() + "/build";
  expect_success(run({BERTH_CMAKE, "-G", "Ninja", "-S", BERTH_TESTS_DIR "/consumer", "-B", build,
                      "-DCMAKE_PREFIX_PATH=" + prefix, "-DCMAKE_CXX_COMPILER=" BERTH_CXX,
                      "-DCMAKE_CXX_FLAGS=" BERTH_SANITIZE}));
  expect_success(run({BERTH_CMAKE, "--build", build}));
  const std::string plugin = build + "/plugins/consumer.so";
  expect_serves(prefix, plugin);

  std::filesystem::create_directory(folder.path() + "/second");
  const std::string moved = folder.path() + "/second/elsewhere";
  std::filesystem::rename(prefix, moved);
  expect_serves(moved, plugin);
}

}  // namespace
}  // namespace berth::e2e
