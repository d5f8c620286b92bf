// A Recorder for one kind of the plugin `helpers`, that expects the contract to be kept.
#pragma once

#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace berth::test {

using testing::RecordedResponse;
using testing::Recorder;
using testing::RequestSpec;

struct Helper {
  explicit Helper(const char* kind, testing::Node config = testing::map({})) {
    EXPECT_TRUE(recorder.mount(kind, std::move(config)));
  }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  ~Helper() { EXPECT_EQ(recorder.misuse(), std::vector<std::string>{}); }

  RecordedResponse serve(RequestSpec request) { return recorder.serve(std::move(request)); }
  RecordedResponse get(std::string target) { return serve({"GET", std::move(target)}); }

  Recorder recorder;
};

}  // namespace berth::test
