// One exchange without a connection: a request made of literals, a response as text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_head.h"
#include "http/target.h"
#include "serve/exchange.h"
#include "serve/handler.h"
#include "serve/hijacked.h"
#include "serve/request.h"
#include "serve/response_writer.h"
#include "serve/transport.h"

namespace berth::plugin {

class FakeTransport : public serve::Transport {
 public:
  std::string body;  // of the request
  http::Fields request_trailers;
  std::string sent;  // "STATUS\nname: value\n...\n\nbody", then "(aborted)" if it was cut
  bool cancelled_now = false;
  std::optional<serve::IoError> read_error;
  std::optional<serve::IoError> send_error;
  bool no_memory = false;   // to send the head with
  bool hijackable = false;  // what is handed out is closed already

  serve::IoResult<std::size_t> read_body(std::span<char> buffer) override {
    if (read_error) return base::fail(*read_error);
    const std::size_t count = std::min(buffer.size(), body.size());
    std::copy_n(body.begin(), count, buffer.begin());
    body.erase(0, count);
    return count;
  }
  const http::Fields& trailers() const noexcept override { return request_trailers; }
  serve::IoStatus send_informational(int status, const http::Fields&) override {
    sent += std::to_string(status) + "\n\n";
    return base::done();
  }
  serve::IoStatus send_head(int status, const http::Fields& fields, serve::BodyPlan) override {
    if (no_memory) throw std::bad_alloc();
    if (send_error) return base::fail(*send_error);
    sent += std::to_string(status) + "\n";
    for (const http::Field field : fields) {
      sent += std::string(field.name) + ": " + std::string(field.value) + "\n";
    }
    sent += "\n";
    return base::done();
  }
  serve::IoStatus send_body(std::string_view bytes) override {
    if (send_error) return base::fail(*send_error);
    sent += bytes;
    return base::done();
  }
  serve::IoStatus flush() override { return base::done(); }
  serve::IoStatus begin_hijack() override {
    return hijackable ? serve::IoStatus(base::done()) : base::fail(serve::IoError::kState);
  }
  std::unique_ptr<serve::Hijacked> hijack() override { return nullptr; }
  serve::IoStatus finish(const http::Fields& trailers) override {
    for (const http::Field field : trailers) {
      sent += "\n" + std::string(field.name) + ": " + std::string(field.value);
    }
    return base::done();
  }
  void abort() noexcept override { sent += "(aborted)"; }
  bool cancelled() const noexcept override { return cancelled_now; }
};

class FakeConnected final : public serve::Connected {
 public:
  std::string_view peer_address() override { return "192.0.2.9:5001"; }
  std::string_view remote_address() override { return "192.0.2.1:5000"; }
  std::string_view local_address() override { return "192.0.2.2:80"; }
  const net::RawAddress& remote() noexcept override { return remote_; }
  std::string_view listener_name() const noexcept override { return "public"; }
  std::uint32_t listener_index() const noexcept override { return 0; }
  bool secure() const noexcept override { return false; }

 private:
  net::RawAddress remote_;
};

struct FakeExchange {
  explicit FakeExchange(std::string_view target = "/a%20b?q=1+2&empty&q=3") {
    head.method = "POST";
    head.target = target;
    head.fields = fields;
    begin();
  }
  FakeExchange(const FakeExchange&) = delete;
  FakeExchange& operator=(const FakeExchange&) = delete;

  // Makes it ready for another run(), as the thread that has it does for each request.
  void begin() {
    transport.sent.clear();
    serve::Request::Parts parts{};
    parts.head = &head;
    exchange.request().next_target() = http::parse_target(head.method, head.target).value();
    parts.host = "example.org";
    parts.protocol = "HTTP/1.1";
    parts.content_length = 0;
    parts.transport = &transport;
    parts.connected = &connected;
    exchange.begin(parts);
  }

  // Routes the request to the handler and runs it: what the client gets.
  const std::string& run(serve::Handler& handler) {
    exchange.route(handler);
    exchange.request().add_path_value({"name", "J%C3%BCrgen"});
    failed = !exchange.run();
    return transport.sent;
  }

  std::vector<http::Field> fields{{"Host", "example.org"}, {"Accept", "text/html"}};
  http::RequestHead head;
  FakeTransport transport;
  FakeConnected connected;
  serve::Exchange exchange;
  bool failed = false;
};

}  // namespace berth::plugin
