// Reload as an operator sees it: what is deployed is served, what was begun is finished, what is
// broken changes nothing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "e2e/deployment.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr std::string_view kWhich = "GET /which HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kUpload =
    "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";

// A request that is inside its handler, which waits for the rest of its body.
RawClient half_an_upload(const Deployment& deployment) {
  RawClient client = deployment.connect();
  client.send(kUpload);
  EXPECT_EQ(client.read_reply().status, 100);
  client.send("1");
  return client;
}

TEST(Reload, ServesWhatWasDeployedOverTheSameConnection) {
  Deployment deployment;
  RawClient client = deployment.connect();
  client.send(kWhich);
  EXPECT_EQ(client.read_reply().body, "release 1 of 1");

  deployment.deploy(2);
  client.send(kWhich);
  EXPECT_EQ(client.read_reply().body, "release 1 of 2") << "nothing is read before a reload";
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("generation 2 serves (was 1)"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("app"), std::string::npos) << outcome.out;
  client.send(kWhich);
  EXPECT_EQ(client.read_reply().body, "release 2 of 1");
  deployment.child().wait_for("release 1 stops");
}

TEST(Reload, SighupDoesTheSame) {
  Deployment deployment;
  deployment.deploy(2);
  deployment.child().signal(SIGHUP);
  deployment.child().wait_for(" info reloaded generation=2 was=1 ");
  EXPECT_EQ(deployment.get("/which"), "release 2 of 1");
}

TEST(Reload, ARequestEndsOnTheGenerationItBeganWith) {
  Deployment deployment;
  RawClient upload = half_an_upload(deployment);
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 2 of 1");
  const Outcome why = deployment.berth({"generations", "--why", "1"});
  EXPECT_EQ(why.code, 0) << why.err;
  EXPECT_NE(why.out.find("POST /body"), std::string::npos) << why.out;
  upload.send("2");
  EXPECT_EQ(upload.read_reply().body, "release 1");
  deployment.child().wait_for("release 1 stops");
}

TEST(Reload, WhatHasNotChangedGoesOnAsTheSameInstance) {
  Deployment deployment;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  deployment.configure(
      release_configuration().append("  - { pattern: \"GET /other\", handler: app.which }\n"));
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("+ GET /other"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("loaded"), std::string::npos) << outcome.out;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 2");
  EXPECT_EQ(deployment.get("/other"), "release 1 of 1");
}

TEST(Reload, OfNothingNewIsTheNextGenerationOfTheSameInstances) {
  Deployment deployment;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("generation 2 serves (was 1)"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("kept  1 plugin"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("/which"), std::string::npos) << "no route changes: " << outcome.out;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 2");
  // Kept once: there is nothing to go back to.
  const Outcome rollback = deployment.berth({"rollback"});
  EXPECT_EQ(rollback.code, 1);
  EXPECT_NE(rollback.err.find("no generation before this one is kept"), std::string::npos)
      << rollback.err;
}

TEST(Reload, AHalfWrittenFileIsRefusedAndTheOldOneServesOn_F52) {
  Deployment deployment;
  deployment.deploy_bytes(
      "\x7f"
      "ELF");
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("app.so"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("generation 1 serves on"), std::string::npos) << outcome.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  const Outcome status = deployment.berth({"status"});
  EXPECT_NE(status.out.find("refused"), std::string::npos) << status.out;
}

TEST(Reload, AConfigurationWithAnErrorChangesNothingAndSaysWhere_F71) {
  Deployment deployment;
  deployment.configure(release_configuration().append("  - { patern: \"GET /x\" }\n"));
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("did you mean \"pattern\"?"), std::string::npos) << outcome.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
}

TEST(Reload, AHandlerThatRefusesItsConfigurationChangesNothing) {
  Deployment deployment;
  deployment.configure(release_configuration().append(
      "  - { pattern: \"GET /x\", handler: app.which, config: { word: bad } }\n"));
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("refused on purpose"), std::string::npos) << outcome.err;
  EXPECT_EQ(deployment.get("/x"), "404");
}

TEST(Reload, AKeyThatTakesARestartIsRefusedByName) {
  Deployment deployment;
  deployment.configure(release_configuration({}, "limits: { threads: 7 }\n"));
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("a reload cannot change `limits.threads`"), std::string::npos)
      << outcome.err;
}

TEST(Reload, APluginThatIsGoneFromTheDiskServesOnAndReloadFailsByName_F72) {
  Deployment deployment;
  ASSERT_EQ(::unlink((deployment.folder().path() + "/app.so").c_str()), 0);
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("berth.yaml:5:16:"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("app.so"), std::string::npos) << outcome.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
}

TEST(Reload, APluginOverwrittenInPlaceGoesOnAsItWasLoaded_F51) {
  Deployment deployment;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  deployment.folder().write("app.so", "no plugin any more");
  EXPECT_EQ(deployment.get("/which"), "release 1 of 2");
  EXPECT_EQ(deployment.berth({"reload"}).code, 1);
  EXPECT_EQ(deployment.get("/which"), "release 1 of 3");
}

TEST(Reload, ADryRunTellsTheSameAndChangesNothing) {
  Deployment deployment;
  deployment.deploy(2);
  deployment.configure(
      release_configuration().append("  - { pattern: \"GET /other\", handler: app.which }\n"));
  const Outcome outcome = deployment.berth({"reload", "--dry-run"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("+ GET /other"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("2.0.0"), std::string::npos) << outcome.out;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  EXPECT_EQ(deployment.get("/other"), "404");
}

TEST(Reload, AHundredAtOnceAreAtMostTwoLoads_F68) {
  Deployment deployment;
  deployment.deploy(2);
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&] { done += deployment.berth({"reload"}).code == 0 ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 100) << "everybody gets the result";
  deployment.stop();
  std::size_t loads = 0;
  const std::string& log = deployment.child().err();
  for (std::size_t at = 0; (at = log.find("release 2 starts", at)) != std::string::npos; ++at) {
    ++loads;
  }
  EXPECT_EQ(loads, 1U) << log;
}

TEST(Reload, AHijackedConnectionHearsAtOnceThatItsPluginIsReplaced_F70) {
  Deployment deployment;
  RawClient lines = deployment.connect();
  lines.send("GET /lines HTTP/1.1\r\nHost: h\r\n\r\n");
  lines.wait_for("\r\n\r\n");
  lines.send("x");
  lines.wait_for("release 1\n");
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  // Its input ends, it says goodbye, and only then its image goes.
  EXPECT_TRUE(lines.read_until_close().ends_with("bye\n"));
  deployment.child().wait_for("release 1 stops");
}

TEST(Reload, ManyHijackedConnectionsHearItOneAfterTheOther) {
  Deployment deployment(
      release_configuration(", drain: 30s", "limits: { threads: 150, client_waits: 150 }\n"));
  std::vector<RawClient> all;
  for (int i = 0; i < 120; ++i) {  // of whom each tenth of a second takes 100
    all.push_back(deployment.connect());
    all.back().send("GET /lines HTTP/1.1\r\nHost: h\r\n\r\n");
    all.back().wait_for("\r\n\r\n");
  }
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  for (RawClient& lines : all) EXPECT_TRUE(lines.read_until_close().ends_with("bye\n"));
  deployment.child().wait_for("release 1 stops");
}

TEST(Reload, RequestsOfAReplacedPluginAreCancelledWhenItsDrainIsOver) {
  Deployment deployment(release_configuration(", drain: 50ms"));
  RawClient client = deployment.connect();
  client.send("GET /wanted HTTP/1.1\r\nHost: h\r\n\r\n");
  deployment.child().wait_for("waiting");
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(client.read_reply().body, "release 1 was cancelled");
  deployment.child().wait_for("release 1 stops");
}

TEST(Reload, AWatchedFileIsReloadedWhenAnotherTakesItsPlace) {
  Deployment deployment(release_configuration({}, "watch: true\n"));
  deployment.deploy(2);
  deployment.child().wait_for(" info reloaded generation=2 was=1 ");
  EXPECT_EQ(deployment.get("/which"), "release 2 of 1");
  deployment.configure(release_configuration({}, "watch: true\n").append("# the same\n"));
  deployment.child().wait_for(" info reloaded generation=3 was=2 ");
  EXPECT_EQ(deployment.get("/which"), "release 2 of 2");
}

TEST(Reload, ARefusedOneIsToldInTheLogWithItsPlaces) {
  Deployment deployment;
  deployment.configure(release_configuration().append("  - { patern: \"GET /x\" }\n"));
  deployment.child().signal(SIGHUP);
  deployment.child().wait_for("a reload was refused, and the generation before serves on");
  EXPECT_NE(deployment.child().err().find("at=berth.yaml:12:7"), std::string::npos)
      << deployment.child().err();
}

TEST(Reload, AThreadThatAPluginLeftKeepsItsImageAndIsNamed) {
  const std::string file = "lingers";
  Deployment deployment(release_configuration().append(
      "  - { pattern: \"GET /lingers\", handler: app.lingers, config: { file: lingers } }\n"));
  deployment.folder().write(file, "");
  EXPECT_EQ(deployment.get("/lingers"), "release 1");
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  deployment.child().wait_for("a replaced plugin stays in memory for now");
  const Outcome why = deployment.berth({"generations", "--why", "1"});
  EXPECT_NE(why.out.find("thread"), std::string::npos) << why.out;
  EXPECT_NE(deployment.berth({"status"}).out.find("retired"), std::string::npos);
  ASSERT_EQ(::unlink((deployment.folder().path() + "/" + file).c_str()), 0);
  deployment.child().wait_for("a replaced plugin has left memory");
}

TEST(Reload, AStopGivesARunningReloadUp_F69) {
  Deployment deployment(release_configuration({}, "timeouts: { probe: 1h }\n"));
  std::filesystem::copy_file(BERTH_BAD_PLUGINS_DIR "/bad_load_hang.so",
                             deployment.folder().path() + "/aside.so");
  std::filesystem::rename(deployment.folder().path() + "/aside.so",
                          deployment.folder().path() + "/app.so");
  std::thread reload([&deployment] {
    const Outcome outcome = deployment.berth({"reload"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.err.find("the server is stopping"), std::string::npos) << outcome.err;
  });
  deployment.child().wait_for("a reload was asked for");
  deployment.child().signal(SIGTERM);
  reload.join();
  EXPECT_EQ(deployment.child().wait(), 0);
}

TEST(Reload, OnFailure503ClosesTheRoutesOfThatPluginAlone) {
  const std::string rest = "  - { pattern: \"GET /hello/{name}\", handler: hello.hello }\n";
  const std::string configuration =
      std::string(kListen) + "plugins:\n  app: { file: ./app.so, on_failure: 503 }\n" +
      "  hello: { file: hello.so }\n" + std::string(kReleaseRoutes) + rest;
  Deployment deployment(configuration);
  deployment.deploy_bytes("broken");
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("503"), std::string::npos) << outcome.out;
  EXPECT_EQ(deployment.get("/which"), "503");
  EXPECT_EQ(deployment.get("/hello/you"), "hello, you\n");
}

TEST(Reload, OnFailureLastGoodKeepsTheImageThatServed) {
  Deployment deployment(release_configuration(", on_failure: last-good"));
  deployment.deploy_bytes("broken");
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("last-good"), std::string::npos) << outcome.out;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
}

// What no probe finds: it is only started in the process that serves.
constexpr std::string_view kRelease2DoesNotStart = ", config: { does_not_start: 2 }";

TEST(Reload, APluginThatDoesNotStartIsRefusedAndTheOthersAreStoppedAgain) {
  Deployment deployment(release_configuration(kRelease2DoesNotStart));
  deployment.deploy(2);
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("no database"), std::string::npos) << outcome.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
}

TEST(Reload, OnFailureLastGoodKeepsTheImageThatServedWhereTheNewOneDoesNotStart) {
  Deployment deployment(
      release_configuration(std::string(kRelease2DoesNotStart) + ", on_failure: last-good"));
  deployment.deploy(2);
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("last-good"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("no database"), std::string::npos) << outcome.out;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  deployment.deploy(3);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 3 of 1");
}

TEST(Reload, OnFailure503ClosesTheRoutesOfAPluginThatDoesNotStart) {
  Deployment deployment(
      release_configuration(std::string(kRelease2DoesNotStart) + ", on_failure: 503"));
  deployment.deploy(2);
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(deployment.get("/which"), "503");
}

TEST(Reload, OnFailure503HoldsForAHandlerThatIsNotMadeInThisProcess) {
  const std::string plugin = "plugins:\n  app: { file: ./app.so, probe: off, on_failure: 503 }\n";
  const auto with = [&plugin](std::string_view word) {
    return std::string(kListen) + plugin + "routes:\n  - { pattern: \"GET /which\", handler: " +
           "app.which, config: { word: " + std::string(word) + " } }\n";
  };
  Deployment deployment(with("good"));
  deployment.configure(with("bad"));
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("refused on purpose"), std::string::npos) << outcome.out;
  EXPECT_EQ(deployment.get("/which"), "503");
}

// Learning it anew would cost a loop a millisecond for each of its first calls.
TEST(Reload, ARouteThatWasFoundToBlockIsKnownToBlockInTheNextGeneration) {
  const std::string route = "  - { pattern: \"GET /sleeps\", handler: app.sleeps }\n";
  Deployment deployment(release_configuration({}, route));
  const auto ask = [&deployment](int release) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(deployment.get("/sleeps"), "release " + std::to_string(release));
    }
  };
  ask(1);
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  ask(2);
  deployment.stop();
  const std::string& log = deployment.child().err();
  const std::string line = "a route blocks: its requests get threads of their own";
  const std::size_t first = log.find(line);
  ASSERT_NE(first, log.npos);
  EXPECT_EQ(log.find(line, first + 1), log.npos) << log;
}

}  // namespace
}  // namespace berth::e2e
