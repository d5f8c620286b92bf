#include "random_id.h"

#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace request_id {

namespace {

// xoshiro256** (Blackman and Vigna, 2018). Nothing to destroy, so that the threads of the host do
// not keep the plugin loaded.
class Generator {
 public:
  std::uint64_t next() {
    if (!seeded_) seed();
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

 private:
  void seed() {
    // Up to 256 bytes come at once or not at all (getrandom(2)).
    while (::getrandom(state_.data(), sizeof state_, 0) != ssize_t{sizeof state_}) {
      if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    state_[0] |= 1;  // all zeros would stay so
    seeded_ = true;
  }

  std::array<std::uint64_t, 4> state_{};
  bool seeded_ = false;
};

constinit thread_local Generator generator;

void append_hex(std::string& out, std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) {
    out += kDigits[static_cast<std::size_t>(value >> shift) & 15U];
  }
}

}  // namespace

std::string make() {
  std::string id;
  id.reserve(32);
  append_hex(id, generator.next());
  append_hex(id, generator.next());
  return id;
}

}  // namespace request_id
