// SHA-256 (FIPS 180-4) over a stream of bytes, to name and compare contents. Not a signature.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace berth::base {

// One digest at a time; not for several threads at once. Throws std::bad_alloc only.
class Sha256 {
 public:
  using Digest = std::array<unsigned char, 32>;

  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() noexcept;

  void add(std::string_view bytes);
  // Of all that was added; begins anew.
  [[nodiscard]] Digest finish();

 private:
  struct State;  // OpenSSL's, kept out of this header
  std::unique_ptr<State> state_;
};

// Lower-case, two digits for each byte.
[[nodiscard]] std::string hexadecimal(const Sha256::Digest& digest);

}  // namespace berth::base
