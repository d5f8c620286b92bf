#include "mux/mux.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/request_head.h"
#include "serve/exchange.h"
#include "unit/mux/make_table.h"

namespace berth::mux {
namespace {

// Takes down what a handler answers.
class Recorder : public serve::Transport {
 public:
  serve::IoResult<std::size_t> read_body(std::span<char> /*buffer*/) override { return {0}; }
  const http::Fields& trailers() const noexcept override { return trailers_; }
  serve::IoStatus send_informational(int /*status*/, const http::Fields& /*fields*/) override {
    return base::done();
  }
  serve::IoStatus send_head(int status, const http::Fields& fields,
                            serve::BodyPlan /*plan*/) override {
    text += std::to_string(status) + '\n';
    for (const http::Field& field : fields) {
      text += std::string(field.name) + ": " + std::string(field.value) + '\n';
    }
    return base::done();
  }
  serve::IoStatus send_body(std::string_view bytes) override {
    text += bytes;
    return base::done();
  }
  serve::IoStatus flush() override { return base::done(); }
  serve::IoStatus finish(const http::Fields& /*trailers*/) override { return base::done(); }
  void abort() noexcept override { text += "aborted"; }
  bool cancelled() const noexcept override { return false; }

  std::string text;

 private:
  http::Fields trailers_;
};

class FixedConnection : public serve::Connected {
 public:
  explicit FixedConnection(std::uint32_t listener) : listener_(listener) {}
  std::string_view peer_address() override { return "192.0.2.1:1"; }
  std::string_view remote_address() override { return "192.0.2.1:1"; }
  std::string_view local_address() override { return "192.0.2.2:80"; }
  const net::RawAddress& remote() noexcept override { return remote_; }
  std::string_view listener_name() const noexcept override { return "public"; }
  std::uint32_t listener_index() const noexcept override { return listener_; }
  bool secure() const noexcept override { return false; }

 private:
  std::uint32_t listener_;
  net::RawAddress remote_;
};

// Answers with its name and the path values.
class Teller : public serve::Handler {
 public:
  explicit Teller(std::string name) : name_(std::move(name)) {}
  const serve::Route& route(serve::Request& request) override { return request.route(); }
  void serve(serve::ResponseWriter& response, serve::Request& request) override {
    std::string text = name_;
    for (const serve::PathValue& value : request.path_values()) {
      text += ' ' + std::string(value.name) + '=' +
              std::string(request.path_value(value.name).value_or("?"));
    }
    ASSERT_TRUE(response.write(text).ok());
  }

 private:
  std::string name_;
};

class MuxTest : public ::testing::Test {
 protected:
  MuxTest()
      : mux_(table(), {{.handler = &hello_, .pattern = "hello", .max_body = 10},
                       {.handler = &files_, .pattern = "files", .max_body = 20}}) {}

  static Table table() {
    std::vector<Route> routes;
    routes.push_back(testing::make_route("GET /hello/{name}", 0));
    routes.push_back(testing::make_route("/files/{path...}", 1));
    routes.push_back(testing::make_route("/inner", 1, {1}));
    return testing::make_table(std::move(routes), 2);
  }

  // What the client sees: status, fields, body.
  std::string answer(std::string_view method, std::string_view target, std::uint32_t listener = 0) {
    http::RequestHead head;
    head.method = method;
    head.target = target;
    Recorder recorder;
    FixedConnection connection(listener);
    const auto parsed = http::parse_target(method, target);
    if (!parsed.ok()) return "no target";
    exchange_.request().next_target() = *parsed;
    exchange_.begin({&head, "localhost", "HTTP/1.1", 0, &recorder, &connection});
    route_ = &exchange_.route(mux_);
    static_cast<void>(exchange_.run());
    return recorder.text;
  }

  Teller hello_{"hello"};
  Teller files_{"files"};
  Mux mux_;
  serve::Exchange exchange_;
  const serve::Route* route_ = nullptr;
};

std::string body_of(const std::string& answer) { return answer.substr(answer.rfind('\n') + 1); }

TEST_F(MuxTest, SendsARequestToItsRouteWithThePathValues) {
  EXPECT_EQ(body_of(answer("GET", "/hello/w%C3%B6rld?x")), "hello name=w\xC3\xB6rld");
  EXPECT_EQ(route_->max_body, 10U);
  EXPECT_EQ(body_of(answer("PUT", "/files/a/b%2Fc")), "files path=a/b/c");
  EXPECT_EQ(route_->max_body, 20U);
  EXPECT_FALSE(route_->ignores_body);
}

TEST_F(MuxTest, KnowsTheListener) {
  EXPECT_EQ(answer("GET", "/inner", 0).substr(0, 3), "404");
  EXPECT_EQ(body_of(answer("GET", "/inner", 1)), "files");
}

TEST_F(MuxTest, ARequestWithoutARouteNeedsNoBodyAndHasNoValues) {
  EXPECT_EQ(body_of(answer("GET", "/hello/world")), "hello name=world");
  const std::string reply = answer("POST", "/nothing");
  EXPECT_EQ(reply.substr(0, 4), "404\n");
  EXPECT_NE(reply.find("Content-Type: text/plain; charset=utf-8\n"), std::string::npos) << reply;
  EXPECT_NE(reply.find("X-Content-Type-Options: nosniff\n"), std::string::npos) << reply;
  EXPECT_TRUE(route_->ignores_body);
  EXPECT_TRUE(exchange_.request().path_values().empty());
}

TEST_F(MuxTest, MethodNotAllowedHasAllow) {
  const std::string reply = answer("POST", "/hello/world");
  EXPECT_EQ(reply.substr(0, 4), "405\n");
  EXPECT_NE(reply.find("Allow: GET, HEAD\n"), std::string::npos) << reply;
}

TEST_F(MuxTest, RedirectsHaveALocation) {
  EXPECT_EQ(answer("GET", "//hello/world?q=1"),
            "301\nLocation: /hello/world?q=1\nContent-Type: text/plain; charset=utf-8\n"
            "X-Content-Type-Options: nosniff\n301 Moved Permanently\n");
  EXPECT_EQ(answer("PUT", "/files"),
            "308\nLocation: /files/\nContent-Type: text/plain; charset=utf-8\n"
            "X-Content-Type-Options: nosniff\n308 Permanent Redirect\n");
}

TEST_F(MuxTest, DisguisedDotsAreABadRequest) {
  EXPECT_EQ(answer("GET", "/files/%2e%2e/secret").substr(0, 4), "400\n");
}

}  // namespace
}  // namespace berth::mux
