// What filters are told, and what the client gets, where a response does not come to its end.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "marking_filter.h"
#include "serve/commit_word.h"
#include "serve/error_reply.h"
#include "serve/response_filters.h"
#include "serve/response_writer.h"
#include "support/fake_transport.h"
#include "support/routes.h"

namespace berth::serve {
namespace {

using test::FakeConnection;
using test::FakeTransport;

TEST(ResponseFiltersFailure, LessThanTheHandlersLengthIsCutOrReplaced) {
  const Answer replaced = answer([](ResponseWriter& r) {
    EXPECT_TRUE(r.set_field("Content-Length", "6"));
    write(r, "abc");
  });
  EXPECT_EQ(replaced.status, 500);
  EXPECT_EQ(replaced.told, "i.head200 o.head200 i.body o.body i.short3of6 i.cut o.cut ");
  const Answer cut = answer([](ResponseWriter& r) {
    EXPECT_TRUE(r.set_field("Content-Length", "6"));
    write(r, "abc");
    EXPECT_TRUE(r.flush());
  });
  EXPECT_EQ(cut.status, 200);
  EXPECT_TRUE(cut.cut);
}

TEST(ResponseFiltersFailure, AnErrorReplyPassesThoseThatHaveNotSeenAHead) {
  const Answer early = answer([](ResponseWriter& r) {
    write(r, "abc");
    r.fail();
  });
  EXPECT_EQ(early.status, 500);
  EXPECT_EQ(early.told, "i.head500 o.head500 i.body o.body i.end o.end ");
  EXPECT_EQ(early.sent, "o(i(500 Internal Server Error\n))");
  EXPECT_TRUE(early.failed);
  const Answer made_up = answer([](ResponseWriter& r) { reply_error(r, 413, {}); });
  EXPECT_EQ(made_up.told, "i.head413 o.head413 i.body o.body i.end o.end ");
}

TEST(ResponseFiltersFailure, BehindTheirHeadsAFailureWithNothingOutIsAnsweredPastThem) {
  const Answer got = answer(
      [](ResponseWriter& r) {
        write(r, std::string(base::limits::kResponseBuffer + 1, 'x'));  // to the filters
        r.fail();
      },
      [](Marking& outer, Marking&) {
        outer.body = [](std::string_view) -> IoStatus { return base::done(); };  // and no further
      });
  EXPECT_EQ(got.told, "i.head200 o.head200 i.body o.body i.cut o.cut ");
  EXPECT_EQ(got.status, 500);
  EXPECT_EQ(got.sent, "500 Internal Server Error\n");
}

TEST(ResponseFiltersFailure, BehindTheFirstBytesAFailureCuts) {
  const Answer got = answer([](ResponseWriter& r) {
    write(r, "abc");
    EXPECT_TRUE(r.flush());
    r.fail();
  });
  EXPECT_TRUE(got.cut);
  EXPECT_EQ(got.told, "i.head200 o.head200 i.body o.body i.flush o.flush i.cut o.cut ");
}

// Where a filter fails, what the client gets and who hears of it.
TEST(ResponseFiltersFailure, OneThatFailsEndsTheResponse) {
  const auto fails = []() -> IoStatus { return base::fail(IoError::kExhausted); };
  struct Row {
    const char* description;
    Arrange setup;
    const char* told;
    const char* sent;
  };
  const Row table[] = {
      {"the inner head: the outer one sees the error reply",
       [&](Marking&, Marking& inner) { inner.head = fails; },
       "i.head200 i.cut o.head500 o.body o.end ", "o(500 Internal Server Error\n)"},
      {"the outer head: nobody is left", [&](Marking& outer, Marking&) { outer.head = fails; },
       "i.head200 o.head200 i.cut o.cut ", "500 Internal Server Error\n"},
      {"a body",
       [&](Marking& outer, Marking&) { outer.body = [&](std::string_view) { return fails(); }; },
       "i.head200 o.head200 i.body o.body i.cut o.cut ", "500 Internal Server Error\n"},
      {"an end", [](Marking&, Marking& inner) { inner.end = IoError::kExhausted; },
       "i.head200 o.head200 i.body o.body i.end o.cut ", "500 Internal Server Error\n"},
  };
  for (const Row& row : table) {
    const Answer got = answer([](ResponseWriter& r) { write(r, "abc"); }, row.setup);
    EXPECT_EQ(got.told, row.told) << row.description;
    EXPECT_EQ(got.status, 500) << row.description;
    EXPECT_EQ(got.sent, row.sent) << row.description;
    EXPECT_FALSE(got.cut) << row.description;
    EXPECT_TRUE(got.failed) << row.description;
  }
}

// The inner one passes something, and does not care what becomes of it.
TEST(ResponseFiltersFailure, AFailureFurtherOutIsNotUndoneByOneThatKeepsItToItself) {
  const auto fails = [](std::string_view) -> IoStatus { return base::fail(IoError::kExhausted); };
  const Answer body = answer(
      [](ResponseWriter& r) {
        EXPECT_EQ(r.write(std::string(base::limits::kResponseBuffer + 1, 'x')).error(),
                  IoError::kExhausted);
        EXPECT_EQ(r.write("more").error(), IoError::kState);
      },
      [&](Marking& outer, Marking& inner) {
        outer.body = fails;
        inner.body = [&inner](std::string_view) -> IoStatus {
          EXPECT_EQ(inner.pass("a").error(), IoError::kExhausted);
          EXPECT_EQ(inner.pass("b").error(), IoError::kExhausted);  // and `outer` hears no more
          return base::done();
        };
      });
  EXPECT_EQ(body.told, "i.head200 o.head200 i.body o.body i.cut o.cut ");
  EXPECT_EQ(body.sent, "500 Internal Server Error\n");
  const Answer end = answer([](ResponseWriter&) {},
                            [&](Marking& outer, Marking& inner) {
                              outer.body = fails;
                              inner.tail = "tail";
                              inner.listens = false;
                            });
  EXPECT_EQ(end.told, "i.head200 o.head200 i.end o.body o.cut ");
  EXPECT_EQ(end.status, 500);
  const Answer flush = answer([](ResponseWriter& r) { EXPECT_FALSE(r.flush()); },
                              [&](Marking& outer, Marking& inner) {
                                outer.body = fails;
                                inner.body = [&inner](std::string_view) -> IoStatus {
                                  (void)inner.pass("held");
                                  return base::done();
                                };
                              });
  EXPECT_EQ(flush.told, "i.head200 o.head200 i.flush o.body i.cut o.cut ");
  EXPECT_EQ(flush.status, 500);
}

TEST(ResponseFiltersFailure, ALengthThatIsLessThanWhatIsThereIsAnErrorReply) {
  const Answer got =
      answer([](ResponseWriter& r) { write(r, "abc"); },
             [](Marking& outer, Marking& inner) {
               outer.marks = inner.marks = false;
               outer.head = [&outer] { return outer.response.set_field("Content-Length", "2"); };
             });
  EXPECT_EQ(got.status, 500);
  EXPECT_FALSE(got.cut);
  EXPECT_EQ(got.told, "i.head200 o.head200 i.cut o.cut ");
}

// Kept back, and taken from the handler with that.
TEST(ResponseFiltersFailure, BytesThatWereTakenAreSentOrTheResponseFails) {
  const Answer got = answer(
      [](ResponseWriter& r) {
        write(r, std::string(2000, 'a'));
        EXPECT_EQ(r.write(std::string(100, 'b')).error(), IoError::kTooLarge);
        EXPECT_EQ(r.write("ccccc").error(), IoError::kState);
      },
      [](Marking& outer, Marking& inner) {
        outer.marks = inner.marks = false;
        outer.head = [&outer] { return outer.response.set_field("Content-Length", "5"); };
        outer.ends_with = IoError::kTooLarge;
      });
  EXPECT_EQ(got.status, 500);
  EXPECT_EQ(got.sent, "500 Internal Server Error\n");
  EXPECT_EQ(got.told, "i.head200 o.head200 i.cut o.cut ");
}

TEST(ResponseFiltersFailure, AResponseThatFailedInsideOfAFilterIsNotFlushed) {
  const Answer got = answer([](ResponseWriter& r) { EXPECT_FALSE(r.flush()); },
                            [](Marking& outer, Marking&) {
                              outer.body = [&outer](std::string_view) -> IoStatus {
                                outer.response.fail();
                                return base::done();
                              };
                            });
  EXPECT_EQ(got.status, 500);
  EXPECT_FALSE(got.cut);
}

// What it passes finds no memory, and it keeps that to itself.
TEST(ResponseFiltersFailure, OneThatFindsNoMemoryEndsTheResponse) {
  FakeConnection connection;
  test::Routes routes;
  std::string told;
  routes.add("/", [&](ResponseWriter& response, Request&) {
    Marking filter("f", response, told);
    filter.body = [&filter](std::string_view bytes) -> IoStatus {
      EXPECT_EQ(filter.pass(bytes).error(), IoError::kExhausted);
      return base::done();
    };
    EXPECT_TRUE(response.filters().add(filter));
    EXPECT_EQ(response.write(std::string(base::limits::kResponseBuffer + 1, 'x')).error(),
              IoError::kExhausted);
    response.filters().finish();
  });
  FakeConnection::Stream& stream = connection.open("GET", "/");
  stream.transport.no_memory = true;
  FakeConnection::run(stream, routes);
  EXPECT_EQ(told, "f.head200 f.body f.cut ");
  EXPECT_EQ(stream.transport.aborts, 1);
}

TEST(ResponseFiltersFailure, OneThatIsRefusedIsInsideLikeAnyOther) {
  FakeConnection connection;
  test::Routes routes;
  std::string told;
  routes.add("/", [&](ResponseWriter& response, Request&) {
    Marking refused("r", response, told);
    refused.at_end = [&response] {
      EXPECT_TRUE(response.filters().inside());
      EXPECT_EQ(response.write("no").error(), IoError::kState);
      EXPECT_EQ(response.flush().error(), IoError::kState);
    };
    write(response, "a");
    response.filters().refuse(refused);
    write(response, "b");
  });
  FakeConnection::Stream& stream = connection.open("GET", "/");
  FakeConnection::run(stream, routes);
  EXPECT_EQ(told, "r.cut ");
  EXPECT_EQ(stream.transport.sent, "ab");
}

TEST(ResponseFiltersFailure, ThoseOfAResponseThatNobodyFinishesAreToldSo) {
  FakeConnection connection;
  test::Routes routes;
  std::string told;
  routes.add("/", [&](ResponseWriter& response, Request&) {
    Marking filter("f", response, told);
    EXPECT_TRUE(response.filters().add(filter));
    write(response, "abc");
    response.filters().abandon();
  });
  FakeConnection::Stream& stream = connection.open("GET", "/");
  FakeConnection::run(stream, routes);
  EXPECT_EQ(told, "f.cut ");
  EXPECT_EQ(stream.transport.status, 500);
}

// A response behind one filter whose word the deadline may win.
struct Raced {
  CommitWord word;
  std::string told;
  FakeConnection connection;
  FakeConnection::Stream* stream = nullptr;
  std::function<IoStatus(std::string_view)> body;

  void run(const Serve& serve) {
    test::Routes routes;
    routes.add("/", [&](ResponseWriter& response, Request&) {
      Marking filter("f", response, told);
      filter.body = body;
      EXPECT_TRUE(response.filters().add(filter));
      serve(response);
      response.filters().finish();
    });
    stream = &connection.open("GET", "/");
    stream->exchange.response().reset(stream->exchange.request(), stream->transport, &word);
    FakeConnection::run(*stream, routes);
    EXPECT_EQ(stream->transport.aborts, 1);
    EXPECT_EQ(stream->transport.finishes, 0);
  }
};

TEST(ResponseFiltersFailure, ThoseBehindAnOverdueResponseAreToldSo) {
  Raced before;
  before.run([&](ResponseWriter& r) {
    EXPECT_TRUE(before.word.seal(before.word.current()));
    EXPECT_EQ(r.write("abc").error(), IoError::kTimedOut);
  });
  EXPECT_EQ(before.told, "f.cut ");
  EXPECT_EQ(before.stream->exchange.response().status(), 503);

  Raced kept_back;
  kept_back.run([&](ResponseWriter& r) {
    write(r, "abc");
    EXPECT_TRUE(kept_back.word.seal(kept_back.word.current()));
  });
  EXPECT_EQ(kept_back.told, "f.cut ");

  Raced within;
  within.body = [&](std::string_view) -> IoStatus {
    EXPECT_TRUE(within.word.seal(within.word.current()));
    return base::done();  // it keeps all of it
  };
  within.run([&](ResponseWriter& r) {
    write(r, std::string(base::limits::kResponseBuffer + 1, 'x'));
    EXPECT_EQ(r.flush().error(), IoError::kTimedOut);
  });
  EXPECT_EQ(within.told, "f.head200 f.body f.cut ");
  EXPECT_EQ(within.stream->transport.heads, 0);

  Raced behind;
  behind.run([&](ResponseWriter& r) {
    write(r, "abc");
    EXPECT_TRUE(r.flush());
    EXPECT_TRUE(behind.word.cut(behind.word.current()));
    EXPECT_EQ(r.write("more").error(), IoError::kTimedOut);
  });
  EXPECT_EQ(behind.told, "f.head200 f.body f.flush f.cut ");
}

TEST(ResponseFiltersFailure, AFileIsNotReadOnBehindTheDeadline) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  ASSERT_NE(file, nullptr);
  const std::string large(1 << 20, 'x');
  ASSERT_EQ(std::fwrite(large.data(), 1, large.size(), file.get()), large.size());
  ASSERT_EQ(std::fflush(file.get()), 0);
  Raced raced;
  raced.body = [&](std::string_view) -> IoStatus {
    (void)raced.word.seal(raced.word.current());
    return base::done();  // it keeps all of it
  };
  raced.run([&](ResponseWriter& r) {
    const IoStatus sent = r.send_file(::fileno(file.get()), 0, large.size());
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error(), IoError::kTimedOut);
  });
  EXPECT_EQ(raced.told, "f.head200 f.body f.cut ");
}

// Whatever the handler makes of it.
TEST(ResponseFiltersFailure, ThoseOfALostClientAreToldSo) {
  struct Row {
    const char* description;
    Serve serve;
    const char* told;
  };
  const Row table[] = {
      {"flushed",
       [](ResponseWriter& r) {
         write(r, "abc");
         EXPECT_EQ(r.flush().error(), IoError::kClosed);
       },
       "f.head200 f.body f.flush f.cut "},
      {"written",
       [](ResponseWriter& r) {
         const std::string large(base::limits::kResponseBuffer + 1, 'x');
         EXPECT_EQ(r.write(large).error(), IoError::kClosed);
         EXPECT_EQ(r.write("more").error(), IoError::kState);
       },
       "f.head200 f.body f.cut "},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.description);
    FakeConnection connection;
    test::Routes routes;
    std::string told;
    routes.add("/", [&](ResponseWriter& response, Request&) {
      Marking filter("f", response, told);
      filter.ends_with = IoError::kClosed;
      EXPECT_TRUE(response.filters().add(filter));
      row.serve(response);
      response.filters().finish();
    });
    FakeConnection::Stream& stream = connection.open("GET", "/");
    stream.transport.write_error = IoError::kClosed;
    FakeConnection::run(stream, routes);
    EXPECT_EQ(told, row.told);
    EXPECT_EQ(stream.transport.aborts, 1);
  }
}

TEST(ResponseFiltersFailure, AFilterThatHasLostItsClientHasNobodyToAnswer) {
  const Answer got =
      answer([](ResponseWriter& r) { write(r, "abc"); },
             [](Marking& outer, Marking& inner) {
               inner.head = []() -> IoStatus { return base::fail(IoError::kClosed); };
               outer.ends_with = IoError::kClosed;
             });
  EXPECT_EQ(got.told, "i.head200 i.cut o.cut ");
}

TEST(ResponseFiltersFailure, LeaveNothingToTheNextResponse) {
  struct Row {
    const char* description;
    Serve serve;
  };
  const Row table[] = {
      {"answered", [](ResponseWriter& r) { write(r, "abc"); }},
      {"failed", [](ResponseWriter& r) { r.fail(413); }},
      {"cut",
       [](ResponseWriter& r) {
         EXPECT_TRUE(r.flush());
         r.fail();
       }},
      {"kept back",
       [](ResponseWriter& r) {
         write(r, "abc");
         r.filters().abandon();
       }},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.description);
    FakeConnection connection;
    std::string told;
    bool filtered = true;
    test::Routes routes;
    routes.add("/", [&](ResponseWriter& response, Request&) {
      if (!filtered) {
        EXPECT_FALSE(response.filters().opened());
        write(response, "forgotten");
        response.discard();
        return write(response, "plain");
      }
      Marking filter("f", response, told);
      EXPECT_TRUE(response.filters().add(filter));
      row.serve(response);
      response.filters().finish();
    });
    FakeConnection::Stream& first = connection.open("GET", "/");
    FakeConnection::run(first, routes);
    const std::string before = told;
    filtered = false;
    FakeTransport next;
    first.exchange.response().reset(first.exchange.request(), next);
    EXPECT_TRUE(FakeConnection::run(first, routes));
    EXPECT_EQ(next.sent, "plain");
    EXPECT_EQ(next.status, 200);
    EXPECT_EQ(next.plan.length, 5U);
    EXPECT_EQ(told, before);
  }
}

}  // namespace
}  // namespace berth::serve
