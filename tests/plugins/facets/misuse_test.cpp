// What the Recorder notes of the facets, of a plugin straight on the tables: the C++ face would not
// let it be written.
#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/bare_plugin.h"

namespace {

using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

// Of the last "/open", as a plugin keeps them that goes on after serve().
const berth_hijacker* kept_table = nullptr;
berth_conn* kept = nullptr;

template <class Table>
const Table* table(const berth_host& host, berth_response* response, const char* id) {
  return static_cast<const Table*>(host.resp_facet(response, id));
}

std::int32_t careless(const berth_host& host, berth_request* request, berth_response* response) {
  const berth_str path = host.req_path(request);
  const std::string_view what(path.data, path.size);
  const auto* hijacker = table<berth_hijacker>(host, response, BERTH_HIJACKER);
  const auto* controller = table<berth_controller>(host, response, BERTH_CONTROLLER);
  char byte = 0;
  if (what == "/deadline") return controller->set_read_deadline(response, -1);
  if (what == "/nowhere") return hijacker->hijack(response, nullptr);
  berth_conn* connection = nullptr;
  if (hijacker->hijack(response, &connection) != BERTH_OK) return BERTH_E_FAILED;
  if (what == "/open") {
    kept_table = hijacker;
    kept = connection;
    return BERTH_OK;
  }
  std::int64_t result = BERTH_OK;
  if (what == "/room") result = hijacker->read(connection, &byte, 0, -1);
  if (what == "/null") result = hijacker->write(connection, nullptr, 1, -1);
  if (what == "/answer") result = host.resp_write(response, "x", 1);
  if (what == "/body") result = host.req_read(request, &byte, 1);
  if (what == "/again") return hijacker->hijack(response, &connection);
  hijacker->close(connection);
  if (what == "/twice") hijacker->close(connection);
  if (what == "/read") result = hijacker->read(connection, &byte, 1, -1);
  if (what == "/write") result = hijacker->write(connection, "x", 1, -1);
  return static_cast<std::int32_t>(result);
}

constexpr auto plugin = &berth::test::bare_plugin<careless>;

TEST(Recorder, NotesMisuseOfFacets) {
  const struct {
    const char* what;
    std::int32_t result;
    std::vector<std::string> misuse;
  } rows[] = {
      {"/right", BERTH_OK, {}},
      {"/deadline", BERTH_E_INVALID, {"set_read_deadline of \"at\" is negative"}},
      {"/nowhere", BERTH_E_INVALID, {"hijack to nowhere"}},
      {"/room", BERTH_E_INVALID, {"read of a hijacked connection, no room"}},
      {"/null", BERTH_E_INVALID, {"write to a hijacked connection of nothing"}},
      {"/answer", BERTH_E_STATE, {"resp_write after hijack"}},
      {"/body", BERTH_E_STATE, {"req_read after hijack"}},
      {"/again", BERTH_E_STATE, {"hijack after hijack", "a hijacked connection is not closed"}},
      {"/twice", BERTH_OK, {"a hijacked connection was closed twice"}},
      {"/read", BERTH_E_INVALID, {"read of a hijacked connection after close"}},
      {"/write", BERTH_E_INVALID, {"write to a hijacked connection after close"}},
  };
  for (const auto& row : rows) {
    Recorder recorder(plugin);
    ASSERT_TRUE(recorder.mount("any"));
    const RecordedResponse response =
        recorder.serve(RequestSpec("GET", row.what).with_connection({"abc"}).with_controller());
    EXPECT_EQ(response.result, row.result) << row.what;
    EXPECT_EQ(recorder.misuse(), row.misuse) << row.what;
  }
}

TEST(Recorder, AHijackedConnectionMayOutliveTheCall) {
  Recorder recorder(plugin);
  ASSERT_TRUE(recorder.mount("any"));
  const auto response = recorder.serve(RequestSpec("GET", "/open").with_connection({"abc"}));
  EXPECT_EQ(recorder.misuse(), std::vector<std::string>{"a hijacked connection is not closed"});
  ASSERT_NE(response.connection, nullptr);
  EXPECT_FALSE(response.connection->closed());
  EXPECT_EQ(kept_table->write(kept, "later", 5, -1), 5);
  kept_table->close(kept);
  EXPECT_EQ(response.connection->written(), "later");
  EXPECT_EQ(recorder.misuse(), std::vector<std::string>{});
}

}  // namespace
