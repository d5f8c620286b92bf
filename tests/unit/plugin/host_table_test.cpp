#include "plugin/host_table.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "fake_exchange.h"
#include "plugin/abi_text.h"
#include "plugin/config_bridge.h"
#include "plugin/exchange_bridge.h"
#include "recording_sink.h"

namespace berth::plugin {
namespace {

class HostTableTest : public ::testing::Test {
 protected:
  // Routes the request to nothing, so that it can be asked from outside of a handler.
  HostTableTest() : request(exchange.exchange.request()), response(exchange.exchange.response()) {
    route.pattern = "POST /{name}";
    exchange.exchange.request().set_route(route);
    exchange.exchange.request().add_path_value({"name", "J%C3%BCrgen"});
  }

  RecordingSink sink;
  HostTable table{"alias", sink};
  const berth_host* host = table.get();
  serve::Route route;
  FakeExchange exchange;
  berth_request request;
  berth_response response;
};

TEST_F(HostTableTest, EveryMemberOfTheTableIsThere) {
  // All pointers behind the header: none may be NULL, whatever members abi.h gets.
  constexpr std::size_t kHeader = offsetof(berth_host, log);
  static_assert((sizeof(berth_host) - kHeader) % sizeof(void*) == 0);
  std::array<void*, (sizeof(berth_host) - kHeader) / sizeof(void*)> members{};
  std::memcpy(members.data(), reinterpret_cast<const char*>(host) + kHeader,
              sizeof(berth_host) - kHeader);
  for (std::size_t i = 0; i < members.size(); ++i) EXPECT_NE(members[i], nullptr) << "member " << i;
  EXPECT_EQ(host->size, sizeof(berth_host));
  EXPECT_EQ(host->abi_major, BERTH_ABI_MAJOR);
  EXPECT_EQ(host->abi_minor, BERTH_ABI_MINOR);
}

TEST_F(HostTableTest, TellsOfTheRequest) {
  EXPECT_EQ(view(host->req_method(&request)), "POST");
  EXPECT_EQ(view(host->req_target(&request)), "/a%20b?q=1+2&empty&q=3");
  EXPECT_EQ(view(host->req_path(&request)), "/a b");
  EXPECT_EQ(view(host->req_query(&request)), "q=1+2&empty&q=3");
  EXPECT_EQ(view(host->req_protocol(&request)), "HTTP/1.1");
  EXPECT_EQ(view(host->req_scheme(&request)), "http");
  EXPECT_EQ(view(host->req_host(&request)), "example.org");
  EXPECT_EQ(view(host->req_remote(&request)), "192.0.2.1:5000");
  EXPECT_EQ(view(host->req_local(&request)), "192.0.2.2:80");
  EXPECT_EQ(view(host->req_listener(&request)), "public");
  EXPECT_EQ(view(host->req_pattern(&request)), "POST /{name}");
  EXPECT_EQ(host->req_content_length(&request), 0);
  EXPECT_EQ(host->req_deadline(&request), 0);
  EXPECT_EQ(host->req_cancelled(&request), 0);
  exchange.transport.cancelled_now = true;
  EXPECT_EQ(host->req_cancelled(&request), 1);
}

TEST_F(HostTableTest, AnAbsentTextHasNoAddressAndAnEmptyOneHas) {
  EXPECT_EQ(view(host->req_query_value(&request, present("q"))), "1 2");
  EXPECT_NE(host->req_query_value(&request, present("empty")).data, nullptr);
  EXPECT_EQ(host->req_query_value(&request, present("absent")).data, nullptr);
  EXPECT_EQ(view(host->req_path_value(&request, present("name"))), "J\xc3\xbcrgen");
  EXPECT_EQ(host->req_path_value(&request, present("absent")).data, nullptr);
  EXPECT_EQ(view(host->req_header(&request, present("accept"))), "text/html");
  EXPECT_EQ(host->req_header(&request, present("absent")).data, nullptr);
  EXPECT_EQ(host->req_trailer(&request, present("absent")).data, nullptr);
}

TEST_F(HostTableTest, ListsQueryAndFieldsInOrder) {
  std::string seen;
  berth_str name{}, value{};
  for (std::size_t i = 0; host->req_query_at(&request, i, &name, &value) == 1; ++i) {
    seen += std::string(view(name)) + "=" + std::string(view(value)) + ";";
  }
  for (std::size_t i = 0; host->req_header_at(&request, i, &name, &value) == 1; ++i) {
    seen += std::string(view(name)) + "=" + std::string(view(value)) + ";";
  }
  EXPECT_EQ(seen, "q=1 2;empty=;q=3;Host=example.org;Accept=text/html;");
  EXPECT_EQ(host->req_header_at(&request, 0, nullptr, nullptr), 1);
  EXPECT_EQ(host->req_trailer_at(&request, 0, &name, &value), 0);
}

TEST_F(HostTableTest, ReadsTheBodyAndNamesItsErrors) {
  exchange.transport.body = "body";
  char buffer[3];
  EXPECT_EQ(host->req_read(&request, buffer, sizeof buffer), 3);
  EXPECT_EQ(host->req_read(&request, buffer, sizeof buffer), 1);
  EXPECT_EQ(host->req_read(&request, buffer, sizeof buffer), 0);
  EXPECT_EQ(host->req_read(&request, nullptr, 3), BERTH_E_INVALID);
  EXPECT_EQ(host->req_read(&request, buffer, 0), BERTH_E_INVALID);
  struct Row {
    serve::IoError error;
    std::int64_t result;
  };
  const Row rows[] = {
      {serve::IoError::kClosed, BERTH_E_CLOSED},      {serve::IoError::kTimedOut, BERTH_E_TIMEOUT},
      {serve::IoError::kState, BERTH_E_STATE},        {serve::IoError::kInvalid, BERTH_E_INVALID},
      {serve::IoError::kTooLarge, BERTH_E_TOO_LARGE}, {serve::IoError::kMalformed, BERTH_E_CLOSED},
      {serve::IoError::kExhausted, BERTH_E_FAILED},
  };
  for (const Row& row : rows) {
    FakeExchange failing;
    failing.exchange.request().set_route(route);
    failing.transport.read_error = row.error;
    berth_request handle(failing.exchange.request());
    EXPECT_EQ(host->req_read(&handle, buffer, sizeof buffer), row.result);
    failing.transport.read_error.reset();
    EXPECT_EQ(host->req_read(&handle, buffer, sizeof buffer), row.result) << "it stays";
  }
}

TEST_F(HostTableTest, WritesAResponse) {
  EXPECT_EQ(host->resp_status_get(&response), 0);
  EXPECT_EQ(host->resp_header_set(&response, present("X-One"), present("1")), BERTH_OK);
  EXPECT_EQ(host->resp_header_add(&response, present("X-Two"), present("2")), BERTH_OK);
  EXPECT_EQ(host->resp_header_add(&response, present("X-Gone"), present("2")), BERTH_OK);
  EXPECT_EQ(view(host->resp_header_get(&response, present("x-one"))), "1");
  EXPECT_EQ(host->resp_header_remove(&response, present("X-Gone")), BERTH_OK);
  EXPECT_EQ(host->resp_header_get(&response, present("x-gone")).data, nullptr);
  EXPECT_EQ(host->resp_trailer_declare(&response, present("X-Sum")), BERTH_OK);
  EXPECT_EQ(host->resp_status(&response, 201), BERTH_OK);
  EXPECT_EQ(host->resp_status_get(&response), 201);
  EXPECT_EQ(host->resp_status(&response, 202), BERTH_E_STATE);
  EXPECT_EQ(host->resp_write(&response, "hello", 5), 5);
  EXPECT_EQ(host->resp_write(&response, nullptr, 0), 0);
  EXPECT_EQ(host->resp_trailer_declare(&response, present("X-Late")), BERTH_E_STATE);
  EXPECT_EQ(host->resp_trailer_add(&response, present("X-Sum"), present("42")), BERTH_OK);
  exchange.exchange.response().finish();
  EXPECT_EQ(exchange.transport.sent,
            "201\nX-One: 1\nX-Two: 2\nContent-Type: text/plain; charset=utf-8\n\nhello\nX-Sum: 42");
}

TEST_F(HostTableTest, RefusesArgumentsThatBreakTheContract) {
  const berth_str broken{nullptr, 3};
  EXPECT_EQ(host->resp_header_set(&response, broken, present("1")), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_header_set(&response, present("X"), broken), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_header_set(&response, present("X"), present("a\r\nb: c")), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_header_add(&response, present("no token"), present("1")), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_header_add(&response, present("Connection"), present("x")), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_header_remove(&response, present("")), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_header_get(&response, broken).data, nullptr);
  EXPECT_EQ(host->resp_status(&response, 99), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_write(&response, nullptr, 5), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_write(&response, "", SIZE_MAX), BERTH_E_INVALID);
  EXPECT_EQ(host->resp_trailer_add(&response, present("Content-Length"), present("1")),
            BERTH_E_INVALID);
  EXPECT_EQ(host->resp_trailer_declare(&response, broken), BERTH_E_INVALID);
  EXPECT_EQ(host->req_header(&request, broken).data, nullptr);
  EXPECT_EQ(host->req_query_value(&request, broken).data, nullptr);
  EXPECT_EQ(host->req_path_value(&request, broken).data, nullptr);
  EXPECT_EQ(host->req_trailer(&request, broken).data, nullptr);
}

TEST_F(HostTableTest, KeepsValuesByNameAndScope) {
  const auto* values = static_cast<const berth_values*>(host->req_facet(&request, BERTH_VALUES));
  ASSERT_NE(values, nullptr);
  EXPECT_EQ(values->get(&request, BERTH_SCOPE_REQUEST, present("user")).data, nullptr);
  EXPECT_EQ(values->set(&request, BERTH_SCOPE_REQUEST, present("user"), present("ada")), BERTH_OK);
  EXPECT_EQ(view(values->get(&request, BERTH_SCOPE_REQUEST, present("user"))), "ada");
  EXPECT_EQ(values->set(&request, BERTH_SCOPE_LISTENER, present("user"), present("ada")),
            BERTH_E_STATE);
  EXPECT_EQ(values->set(&request, BERTH_SCOPE_REQUEST, present(""), present("x")), BERTH_E_INVALID);
  EXPECT_EQ(values->set(&request, 3, present("user"), present("x")), BERTH_E_INVALID);
  EXPECT_EQ(values->set(&request, BERTH_SCOPE_REQUEST, present("user"), {nullptr, 3}),
            BERTH_E_INVALID);
  EXPECT_EQ(values->get(&request, -1, present("user")).data, nullptr);
  EXPECT_EQ(values->get(&request, BERTH_SCOPE_REQUEST, {nullptr, 3}).data, nullptr);
  const auto* connections =
      static_cast<const berth_connections*>(host->req_facet(&request, BERTH_CONNECTIONS));
  ASSERT_NE(connections, nullptr);
  EXPECT_EQ(connections->count(&request, BERTH_CONNECTION_IDLE), 0);
  EXPECT_EQ(connections->count(&request, 5), BERTH_E_INVALID);
}

TEST_F(HostTableTest, WhatThisHostDoesNotOfferIsSaidSo) {
  EXPECT_EQ(host->host_facet(host, "berth.timers/2"), nullptr);
  EXPECT_EQ(host->host_facet(host, nullptr), nullptr);
  EXPECT_EQ(host->req_facet(&request, "berth.tls/1"), nullptr);
  EXPECT_EQ(host->resp_facet(&response, "berth.nothing/1"), nullptr);
  EXPECT_EQ(host->req_retain(&request, &response), BERTH_E_STATE);
  EXPECT_EQ(host->req_release(&request, BERTH_OK), BERTH_E_STATE);
  EXPECT_EQ(host->next(&request, &response, nullptr), BERTH_E_STATE);
  EXPECT_EQ(host->filter_pass(nullptr, "", 0), BERTH_E_INVALID);
}

TEST_F(HostTableTest, LogsWithPairsAndLeavesOutWhatIsTooMuch) {
  std::vector<berth_pair> pairs(40, {present("k"), present("v")});
  host->log(host, BERTH_INFO, present("few"), pairs.data(), 2);
  host->log(host, BERTH_DEBUG, present("many"), pairs.data(), pairs.size());
  host->log(host, 99, present("level"), nullptr, 3);
  host->log(host, BERTH_INFO, {nullptr, 3}, nullptr, 0);
  host->log(nullptr, BERTH_INFO, present("nobody"), nullptr, 0);
  std::string many = "debug alias [] many";
  for (int i = 0; i < 32; ++i) many += " k=v";
  EXPECT_EQ(sink.take(),
            (std::vector<std::string>{"info alias [] few k=v k=v", many + " pairs_left_out=8",
                                      "error alias [] level"}));
}

config::Node::Place place(std::uint32_t line, std::uint32_t column) {
  return {std::make_shared<const std::string>("berth.yaml"), line, column};
}

config::Node scalar(const char* text, std::uint32_t line, std::uint32_t column) {
  return config::Node::scalar(place(line, column), text, false);
}

TEST_F(HostTableTest, WalksTheConfiguration) {
  std::vector<config::Node> keys, values, items;
  items.push_back(scalar("a", 2, 10));
  items.push_back(scalar("b", 2, 13));
  keys.push_back(scalar("list", 2, 3));
  values.push_back(config::Node::list(place(2, 9), std::move(items)));
  keys.push_back(scalar("nothing", 3, 3));
  values.push_back(config::Node::null(place(3, 12)));
  const config::Node root = config::Node::map(place(2, 3), std::move(keys), std::move(values));
  const berth_config* map = handle_of(&root);

  EXPECT_EQ(host->config_kind(nullptr), BERTH_CONFIG_ABSENT);
  EXPECT_EQ(host->config_kind(map), BERTH_CONFIG_MAP);
  EXPECT_EQ(host->config_size(map), 2u);
  EXPECT_EQ(view(host->config_text(host->config_key_at(map, 1))), "nothing");
  EXPECT_EQ(host->config_key_at(map, 2), nullptr);
  const berth_config* list = host->config_get(map, present("list"));
  EXPECT_EQ(host->config_kind(list), BERTH_CONFIG_LIST);
  EXPECT_EQ(host->config_key_at(list, 0), nullptr);
  EXPECT_EQ(view(host->config_text(host->config_at(list, 1))), "b");
  EXPECT_EQ(host->config_at(list, 2), nullptr);
  EXPECT_EQ(host->config_get(list, present("a")), nullptr);
  EXPECT_EQ(host->config_get(nullptr, present("a")), nullptr);
  const berth_config* nothing = host->config_get(map, present("nothing"));
  EXPECT_EQ(host->config_kind(nothing), BERTH_CONFIG_SCALAR);
  EXPECT_EQ(view(host->config_text(nothing)), "");
  EXPECT_NE(host->config_text(nullptr).data, nullptr);

  berth_str file{};
  std::uint32_t line = 0, column = 0;
  const ConfigScope scope(root);
  EXPECT_EQ(host->config_position(host->config_at(list, 1), &file, &line, &column), BERTH_OK);
  EXPECT_EQ(view(file), "berth.yaml");
  EXPECT_EQ(line, 2u);
  EXPECT_EQ(column, 13u);
  EXPECT_EQ(host->config_position(nullptr, &file, &line, &column), BERTH_E_INVALID);
  EXPECT_EQ(host->config_position(list, nullptr, nullptr, nullptr), BERTH_OK);
}

TEST_F(HostTableTest, CollectsEveryComplaintWithItsPosition) {
  const config::Node whole = scalar("whole", 7, 5);
  const config::Node part = scalar("part", 9, 1);
  EXPECT_EQ(host->config_fail(handle_of(&part), present("outside of make")), BERTH_E_INVALID);
  const ConfigScope scope(whole);
  EXPECT_EQ(host->config_fail(handle_of(&part), present("bad\x1b")), BERTH_E_INVALID);
  EXPECT_EQ(host->config_fail(nullptr, present("missing")), BERTH_E_INVALID);
  ASSERT_EQ(scope.complaints().size(), 2u);
  EXPECT_EQ(scope.complaints()[0].position.text(), "berth.yaml:9:1");
  EXPECT_EQ(scope.complaints()[0].what.find('\x1b'), std::string::npos);
  EXPECT_EQ(scope.complaints()[1].position.text(), "berth.yaml:7:5");
  EXPECT_EQ(scope.complaints()[1].what, "missing");
}

}  // namespace
}  // namespace berth::plugin
