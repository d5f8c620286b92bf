// A host whose queue is full of uploads that wait for a thread, and those it refused.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "e2e/host.h"

namespace berth::e2e {

// Parts of a configuration in which one upload is served at a time.
inline constexpr std::string_view kOneUpload = "limits: { threads: 4, client_waits: 1 }\n";

struct FullQueue {
  std::vector<test::RawClient> uploads;  // all of them: the queue is full as long as they are there
  std::size_t going_on = 0;              // were told to continue
  std::vector<test::Reply> refused;
};

// Sends `head`, which announces a body with `Expect`, over one connection for each place of the
// queue, one that is served, and `over` that are refused: which ones is the loops' affair. Waits
// until these are. Fails the test where the system allows too few descriptors.
[[nodiscard]] FullQueue fill_queue(Host& host, std::string_view head, std::size_t over);

}  // namespace berth::e2e
