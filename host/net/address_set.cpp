#include "net/address_set.h"

#include <algorithm>
#include <cassert>

namespace berth::net {

void AddressSet::add(std::span<const std::uint8_t> address, std::size_t prefix) {
  assert(address.size() == 4 || address.size() == 16);
  assert(prefix <= 8 * address.size());
  Range range{};
  range.first[0] = range.last[0] = static_cast<std::uint8_t>(address.size());
  for (std::size_t i = 0; i < address.size(); ++i) {
    const std::size_t kept = std::min<std::size_t>(prefix - std::min(prefix, 8 * i), 8);
    const unsigned behind = 0xffU >> kept;
    range.first[i + 1] = static_cast<std::uint8_t>(address[i] & ~behind);
    range.last[i + 1] = static_cast<std::uint8_t>(address[i] | behind);
  }
  // Two networks are apart, or one lies within the other.
  const auto holds = [](const Range& outer, const Range& inner) {
    return outer.first <= inner.first && inner.last <= outer.last;
  };
  if (std::any_of(ranges_.begin(), ranges_.end(),
                  [&](const Range& other) { return holds(other, range); })) {
    return;
  }
  std::erase_if(ranges_, [&](const Range& other) { return holds(range, other); });
  const auto behind = std::find_if(ranges_.begin(), ranges_.end(),
                                   [&](const Range& other) { return range.first < other.first; });
  ranges_.insert(behind, range);
}

bool AddressSet::contains(const RawAddress& address) const noexcept {
  if (address.is_unix()) return has_unix_;
  const std::span<const std::uint8_t> bytes = address.bytes();
  if (bytes.empty()) return false;
  Key key{};
  key[0] = static_cast<std::uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), key.begin() + 1);
  const auto behind =
      std::upper_bound(ranges_.begin(), ranges_.end(), key,
                       [](const Key& wanted, const Range& range) { return wanted < range.first; });
  return behind != ranges_.begin() && key <= std::prev(behind)->last;
}

}  // namespace berth::net
