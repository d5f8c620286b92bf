// What a server does with a plugin and a request of which it remembers that they crashed: the
// ledger is written by the test, in the fault handler's stead.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "app/crash_ledger.h"
#include "base/limits.h"
#include "e2e/deployment.h"
#include "support/raw_client.h"

namespace berth::e2e {
namespace {

constexpr std::string_view kMore = "  - { pattern: \"GET /hello/{name}\", handler: hello.hello }\n";

std::string configuration(std::string_view more = {}) {
  return std::string(kListen)
      .append("plugins:\n  app: { file: ./app.so }\n  hello: { file: hello.so }\n")
      .append(kReleaseRoutes)
      .append(kMore)
      .append(more);
}

struct Quarantine : ::testing::Test {
  // The plugin's in that release, of the one configuration there is.
  [[nodiscard]] std::string build_id() const {
    const Outcome outcome = deployment.berth({"plugin", "inspect", "./app.so", "--json"});
    const std::string key = "\"build_id\":\"";
    const std::size_t begin = outcome.out.find(key);
    EXPECT_NE(begin, std::string::npos) << outcome.out << outcome.err;
    const std::size_t end = outcome.out.find('"', begin + key.size());
    return outcome.out.substr(begin + key.size(), end - begin - key.size());
  }
  void remember(const app::LedgerEntry& entry, int times) const {
    std::string ledger;
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(deployment.folder().path())) {
      if (file.path().filename() == "crashes" && file.is_regular_file()) ledger = file.path();
    }
    ASSERT_NE(ledger, "");
    std::ofstream out(ledger, std::ios::app);
    for (int i = 0; i < times; ++i) {
      std::array<char, base::limits::kLedgerLine> line;
      out << std::string_view(line.data(), app::format_entry(entry, line));
    }
  }
  void crash_three_times() const {
    const std::string image = build_id();
    remember({.time = 1767323045, .alias = "app", .image = image}, 3);
  }

  Deployment deployment{configuration()};
};

TEST_F(Quarantine, ThePluginsRoutesAnswer503AfterARestartAndTheOthersServe_L22) {
  crash_three_times();
  deployment.stop();
  deployment.start();
  test::RawClient client = deployment.connect();
  ASSERT_TRUE(client.send("GET /which HTTP/1.1\r\nHost: h\r\n\r\n"));
  const test::Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_NE(reply.field("Retry-After"), std::nullopt);
  EXPECT_EQ(deployment.get("/hello/you"), "hello, you\n");
  const Outcome status = deployment.berth({"status"});
  EXPECT_NE(status.out.find("quarantined"), std::string::npos) << status.out;
  EXPECT_NE(deployment.child().err().find("berth plugin release app"), std::string::npos);
}

TEST_F(Quarantine, AnotherBuildIsCalledAndTheOldOneStaysQuarantined_L22) {
  crash_three_times();
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 2 of 1");
  deployment.deploy(1);
  const Outcome back = deployment.berth({"reload"});
  EXPECT_EQ(back.code, 0) << back.err;
  EXPECT_NE(back.out.find("quarantined"), std::string::npos) << back.out;
  EXPECT_EQ(deployment.get("/which"), "503");
}

TEST_F(Quarantine, AReleaseHasItCalledAgain_L22) {
  EXPECT_EQ(deployment.berth({"plugin", "release", "app"}).code, 1) << "it is not quarantined";
  crash_three_times();
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "503");
  const Outcome released = deployment.berth({"plugin", "release", "app"});
  EXPECT_EQ(released.code, 0) << released.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  crash_three_times();
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "503") << "what comes behind the release counts";
}

TEST_F(Quarantine, AFallbackAnswersUntilTheReleaseAndStaysOverReloads_L22) {
  const std::string fallback =
      "  - { pattern: \"GET /cart/{name}\", handler: app.which, fallback: { handler: hello, "
      "config: "
      "{ greeting: later } } }\n";
  deployment.configure(configuration(fallback));
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/cart/you"), "release 1 of 1");
  crash_three_times();
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/cart/you"), "later, you\n");
  EXPECT_EQ(deployment.get("/which"), "503") << "it has none";
  const Outcome status = deployment.berth({"status"});
  EXPECT_NE(status.out.find("GET /cart/{name} by hello\n"), std::string::npos) << status.out;
  // Another one is another route; the same one goes on, and so it does in the next process.
  deployment.configure(configuration(fallback + "timeouts: { probe: 31s }\n"));
  const Outcome same = deployment.berth({"reload"});
  EXPECT_EQ(same.out.find("/cart"), std::string::npos) << same.out;
  EXPECT_EQ(deployment.get("/cart/you"), "later, you\n");
  deployment.stop();
  deployment.start();
  EXPECT_EQ(deployment.get("/cart/you"), "later, you\n");
  EXPECT_EQ(deployment.berth({"plugin", "release", "app"}).code, 0);
  EXPECT_EQ(deployment.get("/cart/you"), "release 1 of 1");
  EXPECT_EQ(deployment.berth({"status"}).out.find("by hello"), std::string::npos);
}

TEST_F(Quarantine, ADryRunNamesAFallbackThatChanged) {
  const std::string route = "  - { pattern: \"GET /cart/{name}\", handler: app.which";
  deployment.configure(configuration(route + " }\n"));
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  deployment.configure(configuration(route + ", fallback: hello.hello }\n"));
  const Outcome plan = deployment.berth({"reload", "--dry-run"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_NE(plan.out.find("GET /cart/{name}"), std::string::npos) << plan.out;
  EXPECT_NE(plan.out.find("fallback"), std::string::npos) << plan.out;
  deployment.configure(configuration(route + ", fallback: hello.helo }\n"));
  for (const auto& verb : {std::vector<std::string>{"validate"}, {"reload", "--dry-run"}}) {
    const Outcome wrong = deployment.berth(verb);
    EXPECT_EQ(wrong.code, 1);
    EXPECT_NE(wrong.err.find("(did you mean \"hello.hello\"?)"), std::string::npos) << wrong.err;
  }
}

TEST_F(Quarantine, OffMeansThatItIsCalledHoweverOftenItCrashed) {
  crash_three_times();
  deployment.configure(configuration("quarantine: off\n"));
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
}

TEST_F(Quarantine, ARequestThatCrashedTwiceIsRefusedAndNoOther_L23) {
  const std::string image = build_id();
  remember({.time = 1767323045,
            .alias = "app",
            .image = image,
            .fingerprint = app::fingerprint_of("GET", "/which?bad=1"),
            .pattern = "GET /which"},
           2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which?bad=1"), "500");
  EXPECT_EQ(deployment.get("/which?bad=2"), "release 1 of 1");
  EXPECT_EQ(deployment.get("/which"), "release 1 of 2");
}

}  // namespace
}  // namespace berth::e2e
