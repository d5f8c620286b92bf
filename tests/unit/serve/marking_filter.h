// Filters that write down what they are told, and what a client gets from behind two of them.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/response_filters.h"
#include "serve/response_writer.h"
#include "support/fake_transport.h"
#include "support/routes.h"

namespace berth::serve {

// Puts its name around every piece, and writes down what it is told.
class Marking final : public ResponseFilter {
 public:
  Marking(std::string name, ResponseWriter& of, std::string& told)
      : response(of), name_(std::move(name)), told_(told) {}

  ResponseWriter& response;

  std::function<IoStatus()> head;                  // what else on_head() does
  std::function<IoStatus(std::string_view)> body;  // instead of marking
  std::optional<IoError> end;                      // what on_end() fails with
  std::optional<IoError> ends_with;                // what it is expected to be told
  std::function<void()> at_end;                    // what else it does
  std::string tail;
  bool marks = true;
  bool listens = true;  // to what became of what it passes

  [[nodiscard]] IoStatus on_head() noexcept override {
    told_ += name_ + ".head" + std::to_string(response.status()) + " ";
    return head ? head() : base::done();
  }
  [[nodiscard]] IoStatus on_body(std::string_view bytes) noexcept override {
    told_ += name_ + (bytes.empty() ? ".flush " : ".body ");
    if (body) return body(bytes);
    if (bytes.empty()) return base::done();
    return pass(name_ + "(" + std::string(bytes) + ")");
  }
  [[nodiscard]] IoStatus on_end(const IoStatus& result) noexcept override {
    told_ += name_ + (result ? ".end " : ".cut ");
    if (at_end) at_end();
    EXPECT_TRUE(!ends_with || result.error() == *ends_with) << name_;
    const IoStatus passed = pass(tail);
    if (!result) {
      EXPECT_EQ(passed.error(), IoError::kState);
      return base::done();
    }
    if (end) return base::fail(*end);
    return listens ? passed : base::done();
  }
  [[nodiscard]] bool changes_body() const noexcept override { return marks; }
  void on_short(std::uint64_t taken, std::uint64_t expected) noexcept override {
    told_ += name_ + ".short" + std::to_string(taken) + "of" + std::to_string(expected) + " ";
  }
  IoStatus pass(std::string_view bytes) { return response.filters().pass(*this, bytes); }

 private:
  std::string name_;
  std::string& told_;
};

// What became of a request behind the filters "o" (outermost) and "i".
struct Answer {
  std::string told;
  std::string sent;
  int status = 0;
  std::optional<std::uint64_t> length;
  std::vector<std::size_t> pieces;
  int flushes = 0;
  bool cut = false;
  bool failed = false;
  std::string type;
  std::string added;
};
using Arrange = std::function<void(Marking& outer, Marking& inner)>;
using Serve = std::function<void(ResponseWriter&)>;

inline Answer answer(const Serve& serve, const Arrange& setup = {},
                     const std::string& method = "GET") {
  Answer result;
  test::Routes routes;
  routes.add("/", [&](ResponseWriter& response, Request&) {
    Marking outer("o", response, result.told);
    Marking inner("i", response, result.told);
    if (setup) setup(outer, inner);
    EXPECT_TRUE(response.filters().add(outer));
    EXPECT_TRUE(response.filters().add(inner));
    serve(response);
    response.filters().finish();
    EXPECT_FALSE(response.filters().any());
  });
  test::FakeConnection connection;
  test::FakeConnection::Stream& stream = connection.open(method, "/");
  result.failed = !test::FakeConnection::run(stream, routes);
  const test::FakeTransport& transport = stream.transport;
  EXPECT_EQ(transport.heads, 1);
  EXPECT_EQ(transport.finishes + transport.aborts, 1);
  result.sent = transport.sent;
  result.status = transport.status;
  result.length = transport.plan.length;
  result.pieces = transport.pieces;
  result.flushes = transport.flushes;
  result.cut = transport.aborts > 0;
  result.type = transport.field("Content-Type").value_or("");
  result.added = transport.field("Added").value_or("");
  return result;
}

inline void write(ResponseWriter& response, std::string_view bytes) {
  EXPECT_TRUE(response.write(bytes));
}

}  // namespace berth::serve
