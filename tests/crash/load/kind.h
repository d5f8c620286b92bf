// One kind of load beside crashes: what is asked for by how many connections, and what came of it.
// It sends nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/answer.h"
#include "load/around.h"

namespace berth::crash {

struct Kind {
  std::string name = {};
  std::string target = {};
  std::size_t clients = 1;        // each of them asks again and again
  load::Clock::duration pause{};  // from an answer to the next request
  bool close = false;             // a connection for each request

  void fail(std::string text) {
    ++failed;
    if (failures.size() < kToldFailures) failures.push_back(std::move(text));
  }
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t refused = 0;     // connects; each is a failure, too
  std::uint64_t asked_anew = 0;  // once, as its connection was closed before any byte of an answer
  std::uint64_t lost = 0;        // in flight on a connection of a host that was killed
  std::vector<std::string> failures = {};  // texts of the first of them

 private:
  static constexpr std::size_t kToldFailures = 5;
};

// The process that a whole 200 of handler `who` names, "process 42\n"; 0: it is no such answer.
[[nodiscard]] std::int64_t process_in(const load::Answer& answer) noexcept;

// "GET target HTTP/1.1" and what belongs to it.
[[nodiscard]] std::string request_for(std::string_view target, bool close = false);

// A line about an answer, for people.
[[nodiscard]] std::string shown(const load::Answer& answer);

}  // namespace berth::crash
