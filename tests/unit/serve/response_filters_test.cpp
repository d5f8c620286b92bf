#include "serve/response_filters.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "marking_filter.h"
#include "serve/response_writer.h"
#include "support/fake_transport.h"
#include "support/routes.h"

namespace berth::serve {
namespace {

using test::FakeConnection;
using test::FakeTransport;

TEST(ResponseFilters, SeeHeadBodyAndEndInnermostFirst) {
  const Answer got = answer([](ResponseWriter& r) { write(r, "abc"); });
  EXPECT_EQ(got.told, "i.head200 o.head200 i.body o.body i.end o.end ");
  EXPECT_EQ(got.sent, "o(i(abc))");
  EXPECT_EQ(got.length, 9U);  // short enough: known after all
}

TEST(ResponseFilters, SmallWritesComeAsOnePieceLargeOnesAtOnce) {
  const Answer small = answer([](ResponseWriter& r) {
    write(r, "a");
    write(r, "b");
  });
  EXPECT_EQ(small.sent, "o(i(ab))");
  const std::string large(base::limits::kResponseBuffer + 1, 'x');
  const Answer two = answer([&](ResponseWriter& r) {
    write(r, "a");
    write(r, large);
  });
  EXPECT_EQ(two.told, "i.head200 o.head200 i.body o.body i.body o.body i.end o.end ");
  EXPECT_EQ(two.sent, "o(i(a))o(i(" + large + "))");
  EXPECT_EQ(two.length, std::nullopt);
}

TEST(ResponseFilters, AFlushPassesBytesThenAnEmptyPiece) {
  const Answer got = answer([](ResponseWriter& r) {
    write(r, "abc");
    EXPECT_TRUE(r.flush());
    write(r, "d");
  });
  EXPECT_EQ(got.told,
            "i.head200 o.head200 i.body o.body i.flush o.flush i.body o.body i.end o.end ");
  EXPECT_EQ(got.flushes, 1);
  EXPECT_EQ(got.sent, "o(i(abc))o(i(d))");
}

TEST(ResponseFilters, AnEmptyAnswerHasAHeadAndAnEndToo) {
  const Answer got = answer([](ResponseWriter&) {});
  EXPECT_EQ(got.told, "i.head200 o.head200 i.end o.end ");
  EXPECT_EQ(got.length, 0U);
}

TEST(ResponseFilters, WhatIsHeldBackGoesOutAtTheEnd) {
  const Answer got = answer([](ResponseWriter& r) { write(r, "abc"); },
                            [](Marking&, Marking& inner) { inner.tail = "!"; });
  EXPECT_EQ(got.sent, "o(i(abc))o(!)");
}

TEST(ResponseFilters, TheHeadMayBeChangedInOnHeadAndNoLater) {
  const Answer got = answer(
      [](ResponseWriter& r) {
        EXPECT_TRUE(r.set_field("Added", "handler"));
        write(r, "abc");
        EXPECT_FALSE(r.set_field("Added", "late"));
      },
      [](Marking& outer, Marking& inner) {
        inner.head = [&inner]() -> IoStatus {
          EXPECT_FALSE(inner.pass("too early"));
          EXPECT_EQ(inner.response.field("Added"), "handler");
          return inner.response.set_field("Added", "inner");
        };
        outer.head = [&outer]() -> IoStatus {
          EXPECT_EQ(outer.response.set_status(500).error(), IoError::kState);
          EXPECT_TRUE(outer.response.remove_field("Added"));
          return outer.response.add_field("Added", "outer");
        };
        outer.body = [&outer](std::string_view bytes) {
          EXPECT_EQ(outer.response.set_field("Added", "late").error(), IoError::kState);
          return outer.pass(bytes);
        };
      });
  EXPECT_EQ(got.added, "outer");
}

// Rows: a Content-Length of the handler and what becomes of it.
TEST(ResponseFilters, ALengthIsDroppedByWhoChangesTheBodyUnlessItIsRestored) {
  struct Row {
    const char* description;
    bool marks;
    bool restores;
    std::optional<std::uint64_t> length;
  };
  const Row table[] = {
      {"it leaves the body alone", false, false, 6U},
      {"it changes the body", true, false, std::nullopt},
      {"it restores it", true, true, 6U},
  };
  for (const Row& row : table) {
    test::Routes routes;
    std::string told;
    routes.add("/", [&](ResponseWriter& response, Request&) {
      Marking filter("f", response, told);
      filter.marks = row.marks;
      filter.body = [&](std::string_view bytes) { return filter.pass(bytes); };
      filter.head = [&]() -> IoStatus {
        EXPECT_EQ(response.field("Content-Length"), "6") << row.description;
        return row.restores ? response.set_field("Content-Length", "6") : base::done();
      };
      EXPECT_TRUE(response.filters().add(filter));
      EXPECT_TRUE(response.set_field("Content-Length", "6"));
      write(response, "abc");
      EXPECT_TRUE(response.flush());
      write(response, "def");
      EXPECT_EQ(response.write("g").error(), IoError::kTooLarge) << row.description;
      response.filters().finish();
    });
    FakeConnection connection;
    FakeConnection::Stream& stream = connection.open("GET", "/");
    FakeConnection::run(stream, routes);
    EXPECT_EQ(stream.transport.plan.length, row.length) << row.description;
    EXPECT_EQ(stream.transport.sent, "abcdef") << row.description;
    EXPECT_EQ(stream.transport.aborts, 0) << row.description;
  }
}

TEST(ResponseFilters, AHeadRequestTellsTheLengthThatGetWouldHave) {
  const Answer got = answer([](ResponseWriter& r) { write(r, "abc"); }, {}, "HEAD");
  EXPECT_EQ(got.sent, "");
  EXPECT_EQ(got.length, 9U);
  const Answer nothing =
      answer([](ResponseWriter&) {}, [](Marking&, Marking& inner) { inner.tail = "tail"; }, "HEAD");
  EXPECT_EQ(nothing.length, std::nullopt);  // a handler need not write for HEAD
}

TEST(ResponseFilters, AStatusWithoutABodyStaysWithoutOne) {
  for (const int status : {204, 205, 304}) {
    const Answer got = answer(
        [status](ResponseWriter& r) {
          EXPECT_TRUE(r.set_field("Content-Length", "3"));
          EXPECT_TRUE(r.set_status(status));
          EXPECT_EQ(r.write("abc").error(), IoError::kState);
        },
        [](Marking&, Marking& inner) { inner.tail = "dropped"; });
    EXPECT_EQ(got.status, status);
    EXPECT_EQ(got.sent, "");
    EXPECT_FALSE(got.cut);
    const std::string head = std::to_string(status);
    EXPECT_EQ(got.told, "i.head" + head + " o.head" + head + " i.end o.end ");
  }
}

TEST(ResponseFilters, TheTypeIsThatOfTheBytesBeforeTheyAreChanged) {
  EXPECT_EQ(answer([](ResponseWriter& r) { write(r, "<html>"); }).type, "text/html; charset=utf-8");
  const Answer split = answer([](ResponseWriter& r) {
    write(r, "<ht");
    write(r, "ml>" + std::string(10'000, 'x'));
  });
  EXPECT_EQ(split.type, "text/html; charset=utf-8");
}

TEST(ResponseFilters, EachIsHeldToTheLengthItHasSet) {
  const Answer got =
      answer([](ResponseWriter& r) { write(r, "abc"); },
             [](Marking&, Marking& inner) {
               inner.head = [&inner] { return inner.response.set_field("Content-Length", "4"); };
               inner.body = [&inner](std::string_view) -> IoStatus {
                 EXPECT_EQ(inner.pass("12345").error(), IoError::kTooLarge);
                 EXPECT_TRUE(inner.pass("1234"));
                 EXPECT_EQ(inner.pass("5").error(), IoError::kTooLarge);
                 return base::done();
               };
             });
  EXPECT_EQ(got.sent, "o(1234)");
}

TEST(ResponseFilters, InsideOfOneTheWriterIsClosed) {
  const auto expect_closed = [](ResponseWriter& writer) {
    EXPECT_EQ(writer.write("no").error(), IoError::kState);
    EXPECT_EQ(writer.flush().error(), IoError::kState);
    EXPECT_EQ(writer.send_file(0, 0, 1).error(), IoError::kState);
    EXPECT_EQ(writer.set_status(103).error(), IoError::kState);
    EXPECT_FALSE(writer.hijack().ok());
  };
  const Answer got = answer([](ResponseWriter& r) { write(r, "abc"); },
                            [&](Marking& outer, Marking& inner) {
                              outer.head = [&]() -> IoStatus {
                                expect_closed(outer.response);
                                return base::done();
                              };
                              inner.body = [&](std::string_view bytes) {
                                expect_closed(inner.response);
                                return inner.pass(bytes);
                              };
                            });
  EXPECT_EQ(got.sent, "o(abc)");
}

TEST(ResponseFilters, CannotBeAddedBehindTheHead) {
  FakeConnection connection;
  test::Routes routes;
  std::string told;
  routes.add("/", [&](ResponseWriter& response, Request&) {
    Marking late("l", response, told);
    write(response, "abc");
    EXPECT_EQ(response.filters().add(late).error(), IoError::kState);
  });
  FakeConnection::Stream& stream = connection.open("GET", "/");
  FakeConnection::run(stream, routes);
  EXPECT_EQ(told, "");
  EXPECT_EQ(stream.transport.sent, "abc");
}

TEST(ResponseFilters, AFileGoesThroughThemPieceByPiece) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  ASSERT_NE(file, nullptr);
  ASSERT_GE(std::fputs("0123456789", file.get()), 0);
  ASSERT_EQ(std::fflush(file.get()), 0);
  const int descriptor = ::fileno(file.get());
  const Answer got = answer([&](ResponseWriter& r) {
    write(r, "abc");
    EXPECT_TRUE(r.send_file(descriptor, 2, 3));
  });
  EXPECT_EQ(got.sent, "o(i(abc))o(i(234))");
  const Answer heads_only =
      answer([&](ResponseWriter& r) { EXPECT_TRUE(r.send_file(descriptor, 2, 3)); },
             [](Marking& outer, Marking& inner) { outer.marks = inner.marks = false; });
  EXPECT_EQ(heads_only.sent, "234");
  const Answer head_request =
      answer([&](ResponseWriter& r) { EXPECT_TRUE(r.send_file(descriptor, 2, 3)); }, {}, "HEAD");
  EXPECT_EQ(head_request.sent, "");
  EXPECT_EQ(head_request.length, 9U);
  const Answer short_file =
      answer([&](ResponseWriter& r) { EXPECT_FALSE(r.send_file(descriptor, 8, 3)); });
  EXPECT_EQ(short_file.status, 500);
  EXPECT_EQ(short_file.told, "i.head200 o.head200 i.body o.body i.cut o.cut ");
}

TEST(ResponseFilters, TheTypeOfAFileIsThatOfItsBytesToo) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  ASSERT_NE(file, nullptr);
  ASSERT_GE(std::fputs("<html>", file.get()), 0);
  ASSERT_EQ(std::fflush(file.get()), 0);
  const Answer got =
      answer([&](ResponseWriter& r) { EXPECT_TRUE(r.send_file(::fileno(file.get()), 0, 6)); });
  EXPECT_EQ(got.sent, "o(i(<html>))");
  EXPECT_EQ(got.type, "text/html; charset=utf-8");
}

TEST(ResponseFilters, TrailersAndInformationalResponsesGoPastThem) {
  FakeConnection connection;
  test::Routes routes;
  std::string told;
  routes.add("/", [&](ResponseWriter& response, Request&) {
    Marking filter("f", response, told);
    filter.head = [&] { return response.add_trailer("Sum", "1"); };
    EXPECT_TRUE(response.filters().add(filter));
    EXPECT_TRUE(response.set_status(103));
    write(response, "abc");
    response.filters().finish();
  });
  FakeConnection::Stream& stream = connection.open("GET", "/");
  EXPECT_TRUE(FakeConnection::run(stream, routes));
  EXPECT_EQ(stream.transport.informational.size(), 1U);
  EXPECT_EQ(told, "f.head200 f.body f.end ");
  EXPECT_EQ(stream.transport.trailers_sent, (FakeTransport::Lines{{"Sum", "1"}}));
}

}  // namespace
}  // namespace berth::serve
