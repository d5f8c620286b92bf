// However a connection's bytes are cut into segments, the replies are the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> corpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(BERTH_TESTS_DIR "/golden/http")) {
    if (entry.path().extension() == ".http") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The replies as one text, without what differs from second to second.
std::string text_of(const std::vector<Reply>& replies) {
  std::string text;
  for (const Reply& reply : replies) {
    text += reply.status_line + "\n";
    for (const auto& [name, value] : reply.fields) {
      if (name != "Date") text += name + ": " + value + "\n";
    }
    text += reply.body + "\n";
    for (const auto& [name, value] : reply.trailers) text += name + ": " + value + "\n";
    if (!reply.whole) text += "(cut)\n";
  }
  return text;
}

// Answers every request with what it is and its body.
void add_catch_all(Routes& routes) {
  routes.add_default([](serve::ResponseWriter& response, serve::Request& request) {
    const test::ReadBody body = test::read_body(request);
    if (body.error) return response.fail();
    (void)response.set_field("X-Request",
                             std::string(request.method()) + " " + std::string(request.target()));
    (void)response.write(body.bytes);
    for (const http::Field trailer : request.trailers())
      (void)response.add_trailer(trailer.name, trailer.value);
  });
}

class Splits {
 public:
  explicit Splits(TestServer& server) : server_(server) {}

  // `at` bytes first, then the rest once the server has looked at them.
  std::string replies_to(std::string_view bytes, std::size_t at) {
    RawClient client = server_.connect();
    (void)client.send(bytes.substr(0, at));
    if (at < bytes.size()) {
      server_.settle();
      (void)client.send(bytes.substr(at));
    }
    client.half_close();
    return text_of(client.read_all());
  }

 private:
  TestServer& server_;
};

TEST(Splits, OfEveryRequestOfTheCorpusAtEveryByteGiveTheSameReplies) {
  Routes routes;
  add_catch_all(routes);
  TestServer server(routes);
  Splits splits(server);
  const auto paths = corpus();
  ASSERT_GT(paths.size(), 10U);
  for (const auto& path : paths) {
    SCOPED_TRACE(path.filename());
    const std::string bytes = contents(path);
    const std::string whole = splits.replies_to(bytes, bytes.size());
    // Long ones are long because of one field: their ends and some places between.
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 300);
    for (std::size_t at = 1; at < bytes.size();
         at += at < 60 || at + 60 > bytes.size() ? 1 : step) {
      ASSERT_EQ(splits.replies_to(bytes, at), whole) << "split at " << at;
    }
  }
}

TEST(Splits, InToSingleBytesGiveTheSameReplies) {
  Routes routes;
  add_catch_all(routes);
  TestServer server(routes);
  Splits splits(server);
  for (const auto& path : corpus()) {
    const std::string bytes = contents(path);
    if (bytes.size() > 1000) continue;
    const std::string whole = splits.replies_to(bytes, bytes.size());
    RawClient client = server.connect();
    (void)client.send_in_pieces(bytes, 1);
    client.half_close();
    EXPECT_EQ(text_of(client.read_all()), whole) << path.filename();
  }
}

}  // namespace
}  // namespace berth
