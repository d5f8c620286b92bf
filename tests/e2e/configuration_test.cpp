// Included files and the environment, as the real berth reads them.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "e2e/golden.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

ChildOptions greeting(const std::string& value) {
  ChildOptions options;
  options.environment["GREETING"] = value;
  return options;
}

constexpr std::string_view kGreeting = R"(
listen: [{ name: public, address: "${HOST:-127.0.0.1}:0" }]
plugins: { hello: { file: hello.so } }
routes:
  - pattern: "GET /${PREFIX:-hello}/{name}"
    handler: hello.hello
    config: { greeting: "${GREETING}" }
)";

TEST(Configuration, AValueOfTheEnvironmentReachesAPluginAsText) {
  Host host(kGreeting, greeting("[moin, ${GREETING}] # {"));
  EXPECT_EQ(host.hello("you"), "[moin, ${GREETING}] # {, you\n");
}

TEST(Configuration, AVariableThatIsNotSetIsToldByEveryVerb) {
  const Folder folder;
  folder.write("berth.yaml", kGreeting);
  expect_golden("variable-not-set.expected", transcript(berth(folder, {"validate"})));
  expect_golden("variable-not-set.expected", transcript(berth(folder, {"routes"})));
  expect_golden("variable-not-set.expected", transcript(berth(folder, {"run", "--allow-root"})));
}

TEST(Configuration, IncludedFilesAreServedAndTheirErrorsNamed) {
  const Folder folder;
  std::filesystem::create_directory(folder.path() + "/conf.d");
  folder.write("berth.yaml", std::string("include: conf.d/*.yaml\n") + std::string(kListen));
  folder.write("conf.d/a.yaml", kPlugins);
  folder.write("conf.d/b.yaml", kRoutes);
  const Outcome routes = berth(folder, {"routes"});
  EXPECT_EQ(routes.code, 0) << routes.err;
  EXPECT_NE(routes.out.find("conf.d/b.yaml:3:5"), std::string::npos) << routes.out;
  EXPECT_EQ(berth(folder, {"validate"}).code, 0);
  // Found by config, by the mux, by the plugin and by the listener.
  folder.write("conf.d/c.yaml",
               "routes:\n"
               "  - { pattern: \"GET /hello/{other}\", handler: hello.hello }\n"
               "  - { pattern: /x, handler: hello.hello, config: { greting: a } }\n"
               "  - { pattern: /y, handler: hello.hello, with: [echo.body] }\n");
  expect_golden("included-wrong.expected", transcript(berth(folder, {"validate"})));
  folder.write("conf.d/c.yaml", "listen: [{ name: local, unix: ./missing/http.sock }]\n");
  expect_golden("included-listener.expected", transcript(berth(folder, {"run", "--allow-root"})));
}

}  // namespace
}  // namespace berth::e2e
