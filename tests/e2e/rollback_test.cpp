// The way back: generations that are kept, pins, and a start on the last one that was good.
#include <gtest/gtest.h>

#include <string>

#include "e2e/deployment.h"

namespace berth::e2e {
namespace {

TEST(Rollback, TakesConfigurationAndImagesBackAsOne) {
  Deployment deployment;
  deployment.deploy(2);
  deployment.configure(
      release_configuration().append("  - { pattern: \"GET /other\", handler: app.which }\n"));
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/other"), "release 2 of 1");

  const Outcome outcome = deployment.berth({"rollback"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  EXPECT_EQ(deployment.get("/other"), "404");
  deployment.child().wait_for(" info it goes back to a kept generation generation=1");
  const Outcome generations = deployment.berth({"generations"});
  EXPECT_NE(generations.out.find("rollback to 1"), std::string::npos) << generations.out;

  EXPECT_EQ(deployment.berth({"rollback", "--to", "2"}).code, 0);
  EXPECT_EQ(deployment.get("/other"), "release 2 of 1");
  const Outcome unknown = deployment.berth({"rollback", "--to", "99"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("99"), std::string::npos) << unknown.err;
}

TEST(Rollback, APinnedPluginStaysWhateverIsDeployed) {
  Deployment deployment;
  EXPECT_EQ(deployment.berth({"plugin", "pin", "app"}).code, 0);
  deployment.deploy(2);
  const Outcome outcome = deployment.berth({"reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  EXPECT_EQ(deployment.berth({"plugin", "unpin", "app"}).code, 0);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 2 of 1");
}

TEST(Rollback, AStartRefusesABrokenPluginUnlessLastGoodIsGiven) {
  Deployment deployment;
  deployment.stop();
  deployment.deploy_bytes("broken");
  const Outcome refused =
      run({BERTH_PROGRAM, "run", "--allow-root"}, deployment.folder().child_options());
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("app.so"), std::string::npos) << refused.err;

  deployment.start({"--last-good"});
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  deployment.child().wait_for(" error an older generation serves");
  const Outcome status = deployment.berth({"status"});
  EXPECT_NE(status.out.find("app.so"), std::string::npos) << status.out;
}

TEST(Rollback, AStartRefusesAPluginThatDoesNotStartUnlessLastGoodIsGiven) {
  const std::string plugin = ", config: { does_not_start: 2 }";
  Deployment deployment(release_configuration(plugin));
  deployment.stop();
  deployment.deploy(2);
  const Outcome refused =
      run({BERTH_PROGRAM, "run", "--allow-root"}, deployment.folder().child_options());
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("no database"), std::string::npos) << refused.err;

  deployment.start({"--last-good"});
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  const Outcome status = deployment.berth({"status"});
  EXPECT_NE(status.out.find("no database"), std::string::npos) << status.out;
}

TEST(Rollback, OnFailure503StartsWithoutAPluginThatDoesNotStart) {
  const std::string plugin = ", config: { does_not_start: 1 }, on_failure: 503";
  Deployment deployment(release_configuration(plugin));
  EXPECT_EQ(deployment.get("/which"), "503");
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 2 of 1");
}

TEST(Rollback, OnFailureLastGoodStartsTheImageThatServedWhereTheNewOneDoesNotStart) {
  const std::string plugin = ", config: { does_not_start: 2 }, on_failure: last-good";
  Deployment deployment(release_configuration(plugin));
  deployment.stop();
  deployment.deploy(2);
  deployment.start();
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  const std::string& err = deployment.child().err();
  EXPECT_NE(err.find("warning: does_not_start: no database"), std::string::npos) << err;
  EXPECT_EQ(err.find("error:"), std::string::npos) << err;
}

// The mirror image of the start: what it had done is undone.
TEST(Rollback, AStartThatGetsNoControlSocketStopsItsPlugins) {
  Deployment deployment;
  deployment.stop();
  deployment.configure(release_configuration({}, "control: ./none/control.sock\n"));
  const Outcome refused = run({BERTH_PROGRAM, "run", "--allow-root", "--no-supervisor"},
                              deployment.folder().child_options());
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("control.sock"), std::string::npos) << refused.err;
  const std::size_t starts = refused.err.find("release 1 starts");
  ASSERT_NE(starts, std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("release 1 stops", starts), std::string::npos) << refused.err;
}

TEST(Rollback, LastGoodStartsWithoutAConfigurationThatCanBeRead) {
  Deployment deployment;
  deployment.stop();
  deployment.configure("listen: [");
  deployment.start({"--last-good"});
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
}

TEST(Rollback, ARestartAndAReloadOfNothingNewDoNotUseUpTheWayBack) {
  Deployment deployment(release_configuration({}, "generations: 2\n"));
  deployment.deploy(2);
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  deployment.stop();
  deployment.start();
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.berth({"rollback"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
}

TEST(Rollback, NumbersGoOnAfterARestart) {
  Deployment deployment;
  deployment.stop();
  deployment.start();
  const Outcome status = deployment.berth({"status"});
  EXPECT_NE(status.out.find("generation     2 since"), std::string::npos) << status.out;
}

}  // namespace
}  // namespace berth::e2e
