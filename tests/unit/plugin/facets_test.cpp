#include "plugin/facets.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/descriptor.h"
#include "fake_exchange.h"
#include "net/stream.h"
#include "plugin/exchange_bridge.h"
#include "serve/hijacked.h"
#include "support/fake_clock.h"

namespace berth::plugin {
namespace {

using serve::IoError;

// A client that has sent `input` and takes everything.
class FakeStream final : public net::Stream {
 public:
  std::string input;
  std::string output;

  net::IoResult read(std::span<char> buffer) noexcept override {
    if (input.empty()) return net::IoResult::end();
    const std::size_t size = input.copy(buffer.data(), buffer.size());
    input.erase(0, size);
    return net::IoResult::moved(size);
  }
  net::IoResult write(std::string_view data) noexcept override {
    if (data == "reset") return net::IoResult::failed(ECONNRESET);
    output += data;
    return net::IoResult::moved(data.size());
  }
  net::IoResult write(std::span<const iovec>) noexcept override {
    return net::IoResult::failed(EINVAL);
  }
  net::IoResult send_file(int, std::uint64_t, std::size_t) noexcept override {
    return net::IoResult::failed(EINVAL);
  }
  void shutdown_write() noexcept override {}
  void shutdown_both() noexcept override {}
  void cut() noexcept override {}
  void close() noexcept override {}
  int fd() const noexcept override { return -1; }
};

class FakeConnection final : public serve::HijackedConnection {
 public:
  net::Stream& hijacked_stream() noexcept override { return stream; }
  void end_hijack() noexcept override { ++ends; }
  using serve::HijackedConnection::tell_drained;

  FakeStream stream;
  int ends = 0;
};

class PowerfulTransport final : public FakeTransport {
 public:
  serve::IoStatus begin_hijack() override {
    if (hijack_error) return base::fail(*hijack_error);
    return base::done();
  }
  std::unique_ptr<serve::Hijacked> hijack() override {
    return std::make_unique<serve::Hijacked>(connection, "ahead;", clock);
  }
  serve::IoStatus flush() override {
    ++flushes;
    if (flush_error) return base::fail(*flush_error);
    return base::done();
  }
  void set_read_deadline(std::optional<base::TimePoint> at) noexcept override { read_until = at; }
  void set_write_deadline(std::optional<base::TimePoint> at) noexcept override { write_until = at; }

  FakeConnection connection;
  test::FakeClock clock;
  std::optional<IoError> hijack_error;
  std::optional<IoError> flush_error;
  int flushes = 0;
  std::optional<base::TimePoint> read_until;
  std::optional<base::TimePoint> write_until;
};

struct Facets : ::testing::Test {
  Facets() : response(exchange.response()) { begin("HTTP/1.1"); }
  void begin(std::string_view protocol) {
    head.method = "GET";
    head.target = "/";
    serve::Request::Parts parts{};
    parts.head = &head;
    exchange.request().next_target() = http::parse_target(head.method, head.target).value();
    parts.host = "example.org";
    parts.protocol = protocol;
    parts.transport = &transport;
    parts.connected = &connected;
    exchange.begin(parts);
  }
  template <class Table>
  const Table* table(const char* id) {
    return static_cast<const Table*>(response_facet(response, id));
  }

  http::RequestHead head;
  PowerfulTransport transport;
  FakeConnected connected;
  serve::Exchange exchange;
  berth_response response;
};

TEST_F(Facets, AreFoundByTheirNamesAndNothingElseIs) {
  for (const char* id : {BERTH_FLUSHER, BERTH_HIJACKER, BERTH_CONTROLLER, BERTH_FILE_SENDER}) {
    EXPECT_NE(response_facet(response, id), nullptr) << id;
  }
  for (const char* id : {"", "berth.flusher", "berth.flusher/2", "berth.nothing/1"}) {
    EXPECT_EQ(response_facet(response, id), nullptr) << id;
  }
  EXPECT_EQ(response_facet(response, nullptr), nullptr);
}

TEST_F(Facets, OfARequestIsItsPeer) {
  const auto* peer = static_cast<const berth_peer*>(request_facet(BERTH_PEER));
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->size, sizeof(berth_peer));
  const berth_request request(exchange.request());
  const berth_str address = peer->address(&request);
  EXPECT_EQ(std::string_view(address.data, address.size), "192.0.2.9:5001");
  for (const char* id : {"", "berth.peer", "berth.peer/2", BERTH_FLUSHER}) {
    EXPECT_EQ(request_facet(id), nullptr) << id;
  }
  EXPECT_EQ(request_facet(nullptr), nullptr);
  EXPECT_EQ(response_facet(response, BERTH_PEER), nullptr);
}

TEST_F(Facets, TablesBeginWithTheirSizes) {
  EXPECT_EQ(table<berth_flusher>(BERTH_FLUSHER)->size, sizeof(berth_flusher));
  EXPECT_EQ(table<berth_hijacker>(BERTH_HIJACKER)->size, sizeof(berth_hijacker));
  EXPECT_EQ(table<berth_controller>(BERTH_CONTROLLER)->size, sizeof(berth_controller));
  EXPECT_EQ(table<berth_file_sender>(BERTH_FILE_SENDER)->size, sizeof(berth_file_sender));
}

TEST_F(Facets, AHijackerIsForHttp1Only) {
  begin("HTTP/1.0");
  EXPECT_NE(response_facet(response, BERTH_HIJACKER), nullptr);
  begin("HTTP/2.0");
  EXPECT_EQ(response_facet(response, BERTH_HIJACKER), nullptr);
  EXPECT_NE(response_facet(response, BERTH_FLUSHER), nullptr);
}

TEST_F(Facets, FlushSendsTheHead) {
  const auto* flusher = table<berth_flusher>(BERTH_FLUSHER);
  ASSERT_TRUE(response.writer.write("now"));
  EXPECT_EQ(flusher->flush(&response), BERTH_OK);
  EXPECT_TRUE(transport.sent.ends_with("\n\nnow")) << transport.sent;
  EXPECT_EQ(transport.flushes, 1);
  transport.flush_error = IoError::kClosed;
  EXPECT_EQ(flusher->flush(&response), BERTH_E_CLOSED);
}

TEST_F(Facets, AHijackedConnectionIsBytes) {
  const auto* hijacker = table<berth_hijacker>(BERTH_HIJACKER);
  transport.connection.stream.input = "more";
  EXPECT_EQ(hijacker->hijack(&response, nullptr), BERTH_E_INVALID);
  berth_conn* connection = nullptr;
  ASSERT_EQ(hijacker->hijack(&response, &connection), BERTH_OK);
  char buffer[16];
  EXPECT_EQ(hijacker->read(connection, nullptr, 1, -1), BERTH_E_INVALID);
  EXPECT_EQ(hijacker->read(connection, buffer, 0, -1), BERTH_E_INVALID);
  EXPECT_EQ(hijacker->read(connection, buffer, sizeof buffer, -1), 6);
  EXPECT_EQ(std::string_view(buffer, 6), "ahead;");
  EXPECT_EQ(hijacker->read(connection, buffer, 2, 0), 2);
  EXPECT_EQ(hijacker->read(connection, buffer, sizeof buffer, -1), 2);
  EXPECT_EQ(hijacker->read(connection, buffer, sizeof buffer, -1), 0);
  EXPECT_EQ(hijacker->write(connection, "bytes", 5, -1), 5);
  EXPECT_EQ(hijacker->write(connection, nullptr, 0, -1), 0);
  EXPECT_EQ(hijacker->write(connection, nullptr, 1, -1), BERTH_E_INVALID);
  EXPECT_EQ(hijacker->write(connection, "reset", 5, -1), BERTH_E_CLOSED);
  EXPECT_EQ(transport.connection.stream.output, "bytes");
  EXPECT_EQ(transport.connection.ends, 0);
  EXPECT_EQ(hijacker->draining(connection), 0);
  transport.connection.tell_drained();
  EXPECT_EQ(hijacker->draining(connection), 1);
  EXPECT_EQ(hijacker->draining(nullptr), 0);
  hijacker->close(connection);
  EXPECT_EQ(transport.connection.ends, 1);
  EXPECT_EQ(hijacker->read(nullptr, buffer, 1, -1), BERTH_E_INVALID);
  EXPECT_EQ(hijacker->write(nullptr, "x", 1, -1), BERTH_E_INVALID);
}

TEST_F(Facets, AHijackThatFailsHandsOutNothing) {
  const struct {
    IoError error;
    std::int32_t result;
  } rows[] = {{IoError::kExhausted, BERTH_E_FAILED},
              {IoError::kClosed, BERTH_E_CLOSED},
              {IoError::kTimedOut, BERTH_E_TIMEOUT}};
  const auto* hijacker = table<berth_hijacker>(BERTH_HIJACKER);
  for (const auto& row : rows) {
    transport.hijack_error = row.error;
    auto* connection = reinterpret_cast<berth_conn*>(&response);
    EXPECT_EQ(hijacker->hijack(&response, &connection), row.result);
    EXPECT_EQ(connection, nullptr);
  }
  ASSERT_TRUE(response.writer.set_status(200));
  transport.hijack_error.reset();
  berth_conn* connection = nullptr;
  EXPECT_EQ(hijacker->hijack(&response, &connection), BERTH_E_STATE);
}

TEST_F(Facets, DeadlinesAreOfTheMonotonicClockAndZeroLiftsThem) {
  const auto* controller = table<berth_controller>(BERTH_CONTROLLER);
  EXPECT_EQ(controller->set_read_deadline(&response, 5), BERTH_OK);
  EXPECT_EQ(controller->set_write_deadline(&response, 7), BERTH_OK);
  EXPECT_EQ(transport.read_until, base::TimePoint(std::chrono::nanoseconds(5)));
  EXPECT_EQ(transport.write_until, base::TimePoint(std::chrono::nanoseconds(7)));
  EXPECT_EQ(controller->set_read_deadline(&response, -1), BERTH_E_INVALID);
  EXPECT_EQ(controller->set_write_deadline(&response, -1), BERTH_E_INVALID);
  EXPECT_EQ(transport.read_until, base::TimePoint(std::chrono::nanoseconds(5)));
  EXPECT_EQ(controller->set_read_deadline(&response, 0), BERTH_OK);
  EXPECT_EQ(controller->set_write_deadline(&response, 0), BERTH_OK);
  EXPECT_EQ(transport.read_until, std::nullopt);
  EXPECT_EQ(transport.write_until, std::nullopt);
}

TEST_F(Facets, FullDuplexIsRefusedToHttp10) {
  const auto* controller = table<berth_controller>(BERTH_CONTROLLER);
  EXPECT_EQ(controller->enable_full_duplex(&response), BERTH_OK);
  begin("HTTP/1.0");
  EXPECT_EQ(controller->enable_full_duplex(&response), BERTH_E_STATE);
}

TEST_F(Facets, AFileIsAppendedOrCutsTheResponse) {
  std::string name = ::testing::TempDir() + "berth-facet-XXXXXX";
  const base::Descriptor file(::mkstemp(name.data()));
  ::unlink(name.c_str());
  ASSERT_EQ(::write(file.get(), "0123456789", 10), 10);
  const auto* sender = table<berth_file_sender>(BERTH_FILE_SENDER);
  EXPECT_EQ(sender->send_file(&response, -1, 0, 1), BERTH_E_INVALID);
  EXPECT_EQ(sender->send_file(&response, file.get(), -1, 1), BERTH_E_INVALID);
  EXPECT_EQ(sender->send_file(&response, file.get(), 0, -1), BERTH_E_INVALID);
  ASSERT_TRUE(response.writer.write("a"));
  EXPECT_EQ(sender->send_file(&response, file.get(), 3, 4), 4);
  EXPECT_EQ(sender->send_file(&response, file.get(), 0, 0), 0);
  EXPECT_TRUE(transport.sent.ends_with("\n\na3456")) << transport.sent;
  EXPECT_EQ(sender->send_file(&response, file.get(), 8, 4), BERTH_E_FAILED);
  EXPECT_EQ(sender->send_file(&response, file.get(), 0, 1), BERTH_E_STATE);
  exchange.response().finish();
  EXPECT_TRUE(transport.sent.ends_with("(aborted)")) << transport.sent;
}

TEST_F(Facets, AFileBeyondTheDeclaredLengthIsTooLarge) {
  ASSERT_TRUE(response.writer.set_field("Content-Length", "3"));
  const auto* sender = table<berth_file_sender>(BERTH_FILE_SENDER);
  EXPECT_EQ(sender->send_file(&response, 0, 0, 4), BERTH_E_TOO_LARGE);
}

}  // namespace
}  // namespace berth::plugin
