// Runs of every length around the sixteen bytes that are looked at together.
#include "http/byte_scan.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>

namespace berth::http {
namespace {

template <class Set>
void expect_end_at_every_place(char plain, char stop) {
  for (std::size_t size = 0; size <= 50; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      std::string text(size, plain);
      if (at < size) text[at] = stop;
      // On the heap and exactly as long: a sanitizer sees any byte read beside it.
      const std::unique_ptr<char[]> bytes(new char[size]);
      text.copy(bytes.get(), size);
      EXPECT_EQ(scan::find<Set>(bytes.get(), bytes.get() + size), bytes.get() + at)
          << size << " at " << at;
      std::string room = text + std::string(scan::kBlock, plain);
      EXPECT_GE((scan::find<Set, true>(room.data(), room.data() + size)), room.data() + at);
      if (at < size) {
        EXPECT_EQ((scan::find<Set, true>(room.data(), room.data() + size)), room.data() + at);
      }
    }
  }
}

TEST(ByteScan, EveryLengthEndsWhereItStops) {
  expect_end_at_every_place<scan::Value>('v', '\n');
  expect_end_at_every_place<scan::Target>('t', ' ');
  expect_end_at_every_place<scan::Path>('p', '?');
  expect_end_at_every_place<scan::Plain>('n', ':');
}

template <class Set>
void expect_blocks_to_agree_with_single_bytes() {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const std::string text(20, byte);
    const bool stopped = scan::find<Set>(text.data(), text.data() + text.size()) == text.data();
    EXPECT_EQ(stopped, Set::stops_at(byte)) << c;
  }
}

TEST(ByteScan, SixteenBytesStopAtWhatOneDoes) {
  expect_blocks_to_agree_with_single_bytes<scan::Value>();
  expect_blocks_to_agree_with_single_bytes<scan::Target>();
  expect_blocks_to_agree_with_single_bytes<scan::Path>();
  expect_blocks_to_agree_with_single_bytes<scan::Plain>();
}

}  // namespace
}  // namespace berth::http
