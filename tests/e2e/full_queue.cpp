#include "e2e/full_queue.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <chrono>
#include <utility>

#include "base/limits.h"
#include "net/descriptor_limit.h"

namespace berth::e2e {

namespace {

constexpr std::chrono::milliseconds kPatience = std::chrono::minutes(1);
constexpr std::size_t kOwnDescriptors = 100;

bool may_open(std::size_t descriptors) {
  const auto raised = net::raise_descriptor_limit();
  rlimit files{};
  return raised && ::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur >= descriptors;
}

}  // namespace

FullQueue fill_queue(Host& host, std::string_view head, std::size_t over) {
  FullQueue queue;
  const std::size_t all = 1 + base::limits::kQueue + over;
  if (!may_open(all + kOwnDescriptors)) {
    ADD_FAILURE() << "needs " << all + kOwnDescriptors << " descriptors (ulimit -n)";
    return queue;
  }
  std::vector<pollfd> waits;
  for (std::size_t i = 0; i < all; ++i) {
    queue.uploads.push_back(host.connect());
    queue.uploads.back().send(head);
    waits.push_back({queue.uploads.back().fd(), POLLIN, 0});
  }
  while (queue.refused.size() < over || queue.going_on < 1) {
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(kPatience.count()));
    if (ready <= 0) {
      ADD_FAILURE() << "only " << queue.refused.size() << " of " << over << " were refused";
      return queue;
    }
    for (std::size_t i = 0; i < all; ++i) {
      if (waits[i].revents == 0) continue;
      waits[i].fd = -1;  // answered
      test::Reply reply = queue.uploads[i].read_reply();
      if (reply.status == 100) {
        ++queue.going_on;
      } else {
        queue.refused.push_back(std::move(reply));
      }
    }
  }
  return queue;
}

}  // namespace berth::e2e
