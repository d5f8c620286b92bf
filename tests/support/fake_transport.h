// A connection without a socket for tests of exchanges: many requests over one of it, as HTTP/2 has
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/fields.h"
#include "http/request_head.h"
#include "serve/exchange.h"
#include "serve/transport.h"

namespace berth::test {

// One exchange's transport: hands out the request's body and writes down what was done with it. Set
// what it shall do before the exchange runs.
class FakeTransport final : public serve::Transport {
 public:
  using Lines = std::vector<std::pair<std::string, std::string>>;

  // --- what it gives ---
  std::string body;             // of the request
  std::size_t piece = 1 << 20;  // bytes of one read at most
  http::Fields request_trailers;
  std::optional<serve::IoError> read_error;   // once the body is read
  std::optional<serve::IoError> write_error;  // of every call that sends
  bool no_memory = false;                     // each of them throws std::bad_alloc
  bool client_gone = false;

  // --- what was done ---
  std::vector<std::pair<int, Lines>> informational;
  int heads = 0;
  int status = 0;
  Lines fields;
  serve::BodyPlan plan;
  std::string sent;  // body bytes of the response
  std::vector<std::size_t> pieces;
  int flushes = 0;
  int finishes = 0;
  Lines trailers_sent;
  int aborts = 0;

  [[nodiscard]] std::optional<std::string> field(std::string_view name) const;

  // serve::Transport
  [[nodiscard]] serve::IoResult<std::size_t> read_body(std::span<char> buffer) override;
  [[nodiscard]] const http::Fields& trailers() const noexcept override { return request_trailers; }
  [[nodiscard]] serve::IoStatus send_informational(int code, const http::Fields& set) override;
  [[nodiscard]] serve::IoStatus send_head(int code, const http::Fields& set,
                                          serve::BodyPlan body_plan) override;
  [[nodiscard]] serve::IoStatus send_body(std::string_view bytes) override;
  [[nodiscard]] serve::IoStatus flush() override;
  [[nodiscard]] serve::IoStatus finish(const http::Fields& set) override;
  void abort() noexcept override { ++aborts; }
  [[nodiscard]] bool cancelled() const noexcept override { return client_gone; }

 private:
  [[nodiscard]] serve::IoStatus outcome() const;

  std::size_t read_ = 0;  // of body
};

// What came over the fake connection, as text; the head views into it.
class FakeConnection final : public serve::Connected {
 public:
  // One request with what answers it. Lives as long as the connection.
  struct Stream {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> lines;
    std::vector<http::Field> fields;
    http::RequestHead head;
    FakeTransport transport;
    serve::Exchange exchange;
  };

  // A request, begun: route it and run it. `body` is what read_body hands out.
  Stream& open(std::string method, std::string target,
               std::vector<std::pair<std::string, std::string>> lines = {{"Host", "example.org"}},
               std::string body = {});
  // Routes and runs; true: the handler did not fail.
  static bool run(Stream& stream, serve::Handler& root);

  [[nodiscard]] std::string_view peer_address() override { return "192.0.2.9:4712"; }
  [[nodiscard]] std::string_view remote_address() override { return "192.0.2.1:4711"; }
  [[nodiscard]] std::string_view local_address() override { return "192.0.2.2:80"; }
  [[nodiscard]] const net::RawAddress& remote() noexcept override { return remote_; }
  [[nodiscard]] const serve::TrustedProxies* trusted_proxies() const noexcept override {
    return trusted_;
  }
  // Lives as long as the connection.
  void set_trusted_proxies(const serve::TrustedProxies& trusted) noexcept { trusted_ = &trusted; }
  [[nodiscard]] std::string_view listener_name() const noexcept override { return "fake"; }
  [[nodiscard]] std::uint32_t listener_index() const noexcept override { return 7; }
  [[nodiscard]] bool secure() const noexcept override { return secure_; }
  void set_secure(bool secure) noexcept { secure_ = secure; }

 private:
  std::deque<Stream> streams_;
  net::RawAddress remote_ = net::RawAddress::parse("192.0.2.1", 4711).value();
  const serve::TrustedProxies* trusted_ = nullptr;
  bool secure_ = false;
};

}  // namespace berth::test
