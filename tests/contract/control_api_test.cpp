// The questions that the control socket answers, and those that it refuses, as a client of the
// socket sees them.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/control_json.h"
#include "contract/control_fixture.h"

namespace berth {
namespace {

using test::RawClient;
using test::Reply;
using Asked = std::vector<std::string>;

struct ControlApi : test::ControlFixture {
  ControlApi() { start(); }
};

TEST_F(ControlApi, StatusGenerationsAndHoldsAreTold) {
  const Reply status = ask("GET", "/v1/status");
  EXPECT_EQ(status.status, 200);
  EXPECT_TRUE(status.has("Content-Type", "application/json"));
  EXPECT_TRUE(status.has("Cache-Control", "no-store"));
  EXPECT_TRUE(status.has("Content-Length", std::to_string(status.body.size())));
  EXPECT_EQ(status.body, app::to_json(control.now) + "\n");
  EXPECT_EQ(ask("GET", "/v1/generations").body, app::to_json(control.kept) + "\n");
  EXPECT_EQ(ask("GET", "/v1/generations/6/holds").body,
            app::to_json(6, control.kept[1].holds) + "\n");
  EXPECT_EQ(control.asked(), (Asked{"status", "why 6"}));
}

TEST_F(ControlApi, AReloadIsAnsweredWithItsReport) {
  const Reply done = ask("POST", "/v1/reload");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.body, app::to_json(control.report) + "\n");
  const Reply plan = ask("POST", "/v1/reload", R"({"dry_run":true})");
  EXPECT_EQ(plan.status, 200);
  EXPECT_TRUE(app::read_report(plan.body).value().dry_run);
  EXPECT_EQ(control.asked(), (Asked{"reload, " + asked_by(), "reload, dry run, " + asked_by()}));
}

TEST_F(ControlApi, ARefusedReloadIsAConflictWithItsReport) {
  control.set_report(test::refused_report());
  for (const std::string path : {"/v1/reload", "/v1/rollback"}) {
    const Reply refused = ask("POST", path);
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.body, app::to_json(control.report) + "\n");
  }
}

TEST_F(ControlApi, ARollbackNamesItsGenerationOrTakesTheLast) {
  EXPECT_EQ(ask("POST", "/v1/rollback").status, 200);
  EXPECT_EQ(ask("POST", "/v1/rollback", R"({"to":3})").status, 200);
  const Reply unknown = ask("POST", "/v1/rollback", R"({"to":99})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body,
            "{\"error\":\"there is no generation 99; berth generations lists those that are "
            "kept\"}\n");
  EXPECT_EQ(control.asked(),
            (Asked{"rollback to the last, " + asked_by(), "rollback to 3, " + asked_by()}));
}

TEST_F(ControlApi, PluginsArePinnedByTheirAlias) {
  const Reply pinned = ask("PUT", "/v1/plugins/hello/pin");
  EXPECT_EQ(pinned.status, 200);
  EXPECT_EQ(pinned.body, "{\"alias\":\"hello\",\"pinned\":true}\n");
  EXPECT_EQ(ask("DELETE", "/v1/plugins/hello/pin").body,
            "{\"alias\":\"hello\",\"pinned\":false}\n");
  control.set_pin_error({base::ErrorCode::kNotFound, "no plugin \"other\" serves"});
  const Reply unknown = ask("PUT", "/v1/plugins/other/pin");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "{\"error\":\"no plugin \\\"other\\\" serves\"}\n");
  control.set_pin_error({base::ErrorCode::kSystem, "write pins: No space left on device"});
  EXPECT_EQ(ask("DELETE", "/v1/plugins/other/pin").status, 500);
  EXPECT_EQ(control.asked(), (Asked{"pin hello", "unpin hello", "pin other", "unpin other"}));
}

TEST_F(ControlApi, AReleaseIsAnsweredByTheReportOfItsReload) {
  const Reply released = ask("POST", "/v1/plugins/hello/release");
  EXPECT_EQ(released.status, 200);
  EXPECT_NE(released.body.find("\"done\":true"), std::string::npos) << released.body;
  control.set_pin_error({base::ErrorCode::kNotFound, "no plugin \"other\" is quarantined"});
  const Reply unknown = ask("POST", "/v1/plugins/other/release");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "{\"error\":\"no plugin \\\"other\\\" is quarantined\"}\n");
  EXPECT_EQ(ask("GET", "/v1/plugins/other/release").status, 405);
  EXPECT_EQ(control.asked(), (Asked{"release hello", "reload, " + asked_by(), "release other"}));
}

TEST_F(ControlApi, AnUpgradeAnswersWithTheHostThatServesOr409) {
  const Reply upgraded = ask("POST", "/v1/upgrade");
  EXPECT_EQ(upgraded.status, 200);
  EXPECT_EQ(upgraded.body, "{\"upgraded\":true,\"host\":\"host 4712 serves generation 8\"}\n");
  control.set_pin_error({base::ErrorCode::kSystem, "the new host is not well"});
  const Reply refused = ask("POST", "/v1/upgrade");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.body, "{\"error\":\"the new host is not well\"}\n");
  EXPECT_EQ(ask("GET", "/v1/upgrade").status, 405);
}

TEST_F(ControlApi, WhatHoldsAnUnknownGenerationIsNotFound) {
  control.set_why_error({base::ErrorCode::kNotFound, "there is no generation 8"});
  const Reply reply = ask("GET", "/v1/generations/8/holds");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "{\"error\":\"there is no generation 8\"}\n");
}

TEST_F(ControlApi, AStopIsAnsweredBeforeItHappens) {
  const Reply reply = ask("POST", "/v1/stop");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{\"stopping\":true}\n");
  EXPECT_EQ(control.asked(), (Asked{"stop, " + asked_by()}));
}

TEST_F(ControlApi, WhatChangesSomethingIsLoggedWithItsPeer) {
  (void)ask("POST", "/v1/reload");
  (void)ask("POST", "/v1/rollback");
  (void)ask("PUT", "/v1/plugins/hello/pin");
  (void)ask("DELETE", "/v1/plugins/hello/pin");
  (void)ask("POST", "/v1/stop");
  const std::string lines = log_text();
  for (const char* action :
       {"a reload is asked for", "a rollback is asked for", "a plugin is to be pinned",
        "a plugin is to be unpinned", "a stop is asked for"}) {
    const std::size_t at = lines.find(action);
    ASSERT_NE(at, std::string::npos) << lines;
    EXPECT_NE(lines.substr(at, lines.find('\n', at) - at).find("peer=\"" + peer() + "\""),
              std::string::npos)
        << lines;
  }
}

// DNS rebinding and cross-site requests: a browser always says where it comes from or whom it
// thinks it talks to.
TEST_F(ControlApi, NoWebPageIsAnswered_F73) {
  struct Case {
    std::string fields;
    int status;
  };
  const std::vector<Case> cases{
      {"Host: localhost\r\n", 200},
      {"Host: LOCALHOST:80\r\n", 200},
      {"Host: 127.0.0.1:9000\r\n", 200},
      {"Host: [::1]\r\n", 200},
      {"Host:\r\n", 200},
      {"Host: evil.example\r\n", 403},
      {"Host: localhost.evil.example\r\n", 403},
      {"Host: localhost:80x\r\n", 400},
      {"Host: localhost:123456\r\n", 400},
      {"Host: 127.0.0.1.evil.example\r\n", 403},
      {"Host: localhost\r\nOrigin: http://localhost\r\n", 403},
      {"Host: localhost\r\nOrigin: null\r\n", 403},
      {"Host: localhost\r\nSec-Fetch-Site: same-origin\r\n", 403},
      {"Host: localhost\r\nSec-Fetch-Site: none\r\n", 403},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(send("POST /v1/reload HTTP/1.1\r\n" + row.fields + "\r\n").status, row.status)
        << row.fields;
  }
  EXPECT_EQ(
      send("POST http://evil.example/v1/reload HTTP/1.1\r\nHost: evil.example\r\n\r\n").status,
      403);
  EXPECT_EQ(control.asked().size(), 5U);
}

TEST_F(ControlApi, ABodyIsJsonAndSaysSo_F73) {
  const auto reload = [this](const std::string& type, const std::string& body) {
    return send("POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n" + type +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)
        .status;
  };
  EXPECT_EQ(reload("Content-Type: application/json\r\n", "{}"), 200);
  EXPECT_EQ(reload("Content-Type: Application/JSON ; charset=utf-8\r\n", "{}"), 200);
  EXPECT_EQ(reload("", ""), 200);
  EXPECT_EQ(reload("Content-Type: text/plain\r\n", ""), 200);
  (void)control.asked();
  EXPECT_EQ(reload("", "{}"), 415);
  // What a form of a page may send without asking first.
  EXPECT_EQ(reload("Content-Type: text/plain\r\n", "{}"), 415);
  EXPECT_EQ(reload("Content-Type: application/x-www-form-urlencoded\r\n", "{}"), 415);
  EXPECT_EQ(reload("Content-Type: application/json-patch+json\r\n", "{}"), 415);
  EXPECT_EQ(send("POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "0\r\n\r\n")
                .status,
            415);
  EXPECT_EQ(reload("Content-Type: application/json\r\n", "{\"dryrun\":true}"), 400);
  EXPECT_EQ(reload("Content-Type: application/json\r\n", "dry_run"), 400);
  EXPECT_EQ(reload("Content-Type: application/json\r\n", std::string(60'000, '[')), 400);
  EXPECT_EQ(reload("Content-Type: application/json\r\n", std::string(64 * 1024 + 1, ' ')), 413);
  EXPECT_EQ(control.asked(), Asked{});
}

TEST_F(ControlApi, MethodsPathsAndQueriesAreExact) {
  struct Case {
    std::string method;
    std::string target;
    int status;
    std::string allow;
  };
  const std::vector<Case> cases{
      {"GET", "/", 404, ""},
      {"GET", "/v1", 404, ""},
      {"GET", "/v2/status", 404, ""},
      {"GET", "/v1/status/", 404, ""},
      {"GET", "/v1/Status", 404, ""},
      {"GET", "/v1/../v1/status", 404, ""},
      {"GET", "/v1/statu%73", 404, ""},
      {"HEAD", "/v1/status", 405, "GET"},
      {"POST", "/v1/status", 405, "GET"},
      {"OPTIONS", "/v1/reload", 405, "POST"},
      {"GET", "/v1/reload", 405, "POST"},
      {"GET", "/v1/plugins/hello/pin", 405, "PUT, DELETE"},
      {"GET", "/v1/stop", 405, "POST"},
      {"GET", "/v1/status?x", 400, ""},
      {"POST", "/v1/reload?dry_run=true", 400, ""},
      {"GET", "/v1/generations/0/holds", 400, ""},
      {"GET", "/v1/generations/07/holds", 400, ""},
      {"GET", "/v1/generations/-1/holds", 400, ""},
      {"GET", "/v1/generations/x/holds", 400, ""},
      {"GET", "/v1/generations/18446744073709551616/holds", 400, ""},
      {"GET", "/v1/generations//holds", 404, ""},
      {"GET", "/v1/generations/holds", 404, ""},
      {"GET", "/v1/generations/1/2/holds", 404, ""},
      {"PUT", "/v1/plugins/a%2fb/pin", 400, ""},
      {"PUT", "/v1/plugins/a.b/pin", 400, ""},
      {"PUT", "/v1/plugins//pin", 404, ""},
  };
  for (const Case& row : cases) {
    RawClient client = connect();
    client.send(row.method + " " + row.target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const Reply reply = client.read_reply(row.method == "HEAD");
    EXPECT_EQ(reply.status, row.status) << row.method << " " << row.target;
    EXPECT_EQ(reply.field("Allow").value_or(""), row.allow) << row.method << " " << row.target;
    if (row.method == "HEAD") continue;
    EXPECT_TRUE(app::read_error(reply.body).ok()) << reply.body;
  }
  EXPECT_EQ(ask("PUT", "/v1/plugins/hello/pin", R"({"dry_run":true})").status, 400);
  EXPECT_EQ(ask("GET", "/v1/status", "{}").status, 400);
  EXPECT_EQ(control.asked(), Asked{});
}

TEST_F(ControlApi, OneConnectionAsksManyQuestions) {
  RawClient client = connect();
  for (int i = 0; i < 20; ++i) {
    client.send(i % 2 == 0 ? "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
                           : "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_EQ(client.read_reply().status, 200) << i;
  }
}

TEST_F(ControlApi, WhileReloadsWaitTheStatusIsTold) {
  control.close();
  std::vector<RawClient> reloads;
  for (std::size_t i = 0; i < app::ControlHandler::kMostWaiting; ++i) {
    reloads.push_back(connect());
    reloads.back().send("POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  control.wait_for_waiting(app::ControlHandler::kMostWaiting);
  EXPECT_EQ(ask("GET", "/v1/status").status, 200);
  const Reply busy = ask("POST", "/v1/reload");
  EXPECT_EQ(busy.status, 503);
  EXPECT_TRUE(busy.has("Retry-After", "1"));
  control.open();
  for (RawClient& client : reloads) EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(ask("POST", "/v1/reload").status, 200);
}

TEST_F(ControlApi, SlowAndIdleClientsKeepNobodyWaiting) {
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i + 1 < base::limits::kControlConnections; ++i) {
    clients.push_back(connect());
    if (i % 3 == 1) clients.back().send("POST /v1/rel");
    if (i % 3 == 2) {
      clients.back().send(
          "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n"
          "Content-Type: application/json\r\n\r\n{");
    }
  }
  EXPECT_EQ(ask("GET", "/v1/status").status, 200);
}

TEST_F(ControlApi, ConnectionsBeyondTheLimitAreTurnedAway) {
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < base::limits::kControlConnections; ++i) {
    clients.push_back(connect());
    clients.back().send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_EQ(clients.back().read_reply().status, 200);
  }
  EXPECT_EQ(connect().read_reply().status, 503);
  clients.pop_back();
}

}  // namespace
}  // namespace berth
