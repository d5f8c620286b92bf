#include "support/fake_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>

#include "http/target.h"
#include "http/token.h"

namespace berth::test {

namespace {

FakeTransport::Lines copy(const http::Fields& fields) {
  FakeTransport::Lines lines;
  for (const http::Field field : fields) lines.emplace_back(field.name, field.value);
  return lines;
}

}  // namespace

std::optional<std::string> FakeTransport::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (http::equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

serve::IoStatus FakeTransport::outcome() const {
  if (no_memory) throw std::bad_alloc();
  if (write_error) return base::fail(*write_error);
  return base::done();
}

serve::IoResult<std::size_t> FakeTransport::read_body(std::span<char> buffer) {
  const std::size_t bytes = std::min({buffer.size(), piece, body.size() - read_});
  if (bytes == 0 && read_error) return base::fail(*read_error);
  std::copy_n(body.data() + read_, bytes, buffer.data());
  read_ += bytes;
  return bytes;
}

serve::IoStatus FakeTransport::send_informational(int code, const http::Fields& set) {
  informational.emplace_back(code, copy(set));
  return outcome();
}

serve::IoStatus FakeTransport::send_head(int code, const http::Fields& set,
                                         serve::BodyPlan body_plan) {
  ++heads;
  status = code;
  fields = copy(set);
  plan = body_plan;
  return outcome();
}

serve::IoStatus FakeTransport::send_body(std::string_view bytes) {
  EXPECT_EQ(heads, 1) << "body bytes before the head";
  sent += bytes;
  pieces.push_back(bytes.size());
  return outcome();
}

serve::IoStatus FakeTransport::flush() {
  ++flushes;
  return outcome();
}

serve::IoStatus FakeTransport::finish(const http::Fields& set) {
  ++finishes;
  trailers_sent = copy(set);
  return outcome();
}

FakeConnection::Stream& FakeConnection::open(std::string method, std::string target,
                                             std::vector<std::pair<std::string, std::string>> lines,
                                             std::string body) {
  Stream& stream = streams_.emplace_back();
  stream.method = std::move(method);
  stream.target = std::move(target);
  stream.lines = std::move(lines);
  for (const auto& [name, value] : stream.lines) stream.fields.push_back({name, value});
  stream.head.method = stream.method;
  stream.head.target = stream.target;
  stream.head.fields = stream.fields;
  const auto parsed = http::parse_target(stream.method, stream.target);
  EXPECT_TRUE(parsed.ok()) << stream.target;
  stream.transport.body = std::move(body);
  if (parsed) stream.exchange.request().next_target() = *parsed;
  stream.exchange.begin({
      .head = &stream.head,
      .host = stream.head.find("Host").value_or(""),
      .protocol = "HTTP/2.0",
      .content_length = stream.transport.body.size(),
      .transport = &stream.transport,
      .connected = this,
  });
  return stream;
}

bool FakeConnection::run(Stream& stream, serve::Handler& root) {
  stream.exchange.route(root);
  return stream.exchange.run();
}

}  // namespace berth::test
