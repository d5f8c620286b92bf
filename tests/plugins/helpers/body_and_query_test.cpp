// MaxBody and Query: what a handler gets of hostile input.
#include <string>

#include "helpers.h"

namespace berth::test {
namespace {

TEST(MaxBody, GivesUpToItsLimitAndThenFails_G82) {
  Helper helper("limited");
  const struct {
    const char* target;
    const char* body;
    int status;
    const char* reply;
  } rows[] = {
      {"/?max=4&step=64", "abcd", 200, "abcd|"},
      {"/?max=4&step=3", "abcd", 200, "abc|d|"},
      {"/?max=4&step=64", "", 200, ""},
      {"/?max=0&step=64", "", 200, ""},
      {"/?max=4&step=64", "abcde", 413, "abcd| above 4\n"},
      {"/?max=4&step=2", "abcde", 413, "ab|cd| above 4\n"},
      {"/?max=4&step=3", "abcde", 413, "abc|d| above 4\n"},
      {"/?max=0&step=1", "a", 413, " above 0\n"},
      {"/?max=18446744073709551615&step=4", "abcde", 200, "abcd|e|"},
  };
  for (const auto& row : rows) {
    const RecordedResponse response =
        helper.serve(RequestSpec("POST", row.target).body(row.body).chunked());
    EXPECT_EQ(response.status, row.status) << row.target << " " << row.body;
    EXPECT_EQ(response.body, row.reply);
  }
}

TEST(MaxBody, RefusesALengthAboveItBeforeItReads) {
  Helper helper("limited");
  const RecordedResponse response =
      helper.serve(RequestSpec("POST", "/?max=4&step=2").body("abcde"));
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, " above 4\n");
}

TEST(MaxBody, LetThroughItIsA413) {
  Helper helper("limited");
  const RecordedResponse response =
      helper.serve(RequestSpec("POST", "/?max=4").body("abcde").chunked());
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.result, BERTH_E_TOO_LARGE);
  const std::string large(40'000, 'x');
  EXPECT_EQ(helper.serve(RequestSpec("POST", "/?max=40000").body(large)).body, large);
}

TEST(MaxBody, AClientThatFailsIsNoExcess) {
  Helper helper("limited");
  const RecordedResponse response =
      helper.serve(RequestSpec("POST", "/?max=4&step=2").chunked().body_fails(BERTH_E_TIMEOUT));
  EXPECT_EQ(response.result, BERTH_E_TIMEOUT);
}

TEST(Query, TellsThePairsAndHowManyWereLeftOut_G44) {
  Helper helper("queries");
  const struct {
    const char* query;
    const char* reply;
  } rows[] = {
      {"", " first=(none) all= left out=0"},
      {"?", " first=(none) all= left out=0"},
      {"?a=1&b=2&a=3", "a=1;b=2;a=3; first=1 all=1,3, left out=0"},
      {"?a=1+2%2B%26%3D&%61=%41", "a=1 2+&=;a=A; first=1 2+&= all=1 2+&=,A, left out=0"},
      {"?a=1;b=2", "a=1;b=2; first=1;b=2 all=1;b=2, left out=0"},
      {"?&&a&&=&", "a=;=; first= all=, left out=0"},
      {"?a=%zz&b=%&c=%4&a=1", "a=1; first=1 all=1, left out=3"},
      {"?%=1&A=2", "A=2; first=(none) all= left out=1"},
      {"?a=b=c", "a=b=c; first=b=c all=b=c, left out=0"},
      {"?a&a&a&a&a&a&a", "a=;a=;a=;a=;a=; first= all=,,,,, left out=2"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(helper.get(std::string("/") + row.query).body, row.reply) << row.query;
  }
}

}  // namespace
}  // namespace berth::test
