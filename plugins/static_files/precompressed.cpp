#include "precompressed.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace static_files {

namespace {

constexpr std::array<Compression, 3> kKnown{{{"zst", "zstd"}, {"br", "br"}, {"gz", "gzip"}}};

}  // namespace

std::vector<Compression> read_compressions(const berth::Config& config) {
  const auto names = config.get<std::vector<std::string>>("precompressed", {});
  std::vector<Compression> compressions;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto is = [&](const Compression& known) { return known.extension == names[i]; };
    const auto* const found = std::find_if(kKnown.begin(), kKnown.end(), is);
    const auto node = config["precompressed"].at(i);
    if (found == kKnown.end()) node.fail("expected zst, br or gz");
    if (std::any_of(compressions.begin(), compressions.end(), is)) node.fail("it is there twice");
    compressions.push_back(*found);
  }
  return compressions;
}

Precompressed open_precompressed(const Root& root, const std::string& name,
                                 const berth::Request& request,
                                 std::span<const Compression> compressions) {
  std::vector<Compression> left(compressions.begin(), compressions.end());
  for (;;) {
    std::vector<std::string_view> codings;
    std::transform(left.begin(), left.end(), std::back_inserter(codings),
                   [](const Compression& compression) { return compression.coding; });
    Precompressed found;
    found.opened.error = ENOENT;
    const auto coding = berth::choose_coding(request, codings);
    if (!coding) return found;
    const auto chosen = std::find_if(left.begin(), left.end(),
                                     [&](const Compression& c) { return c.coding == *coding; });
    found.compression = *chosen;
    found.opened = root.open(name + "." + std::string(chosen->extension));
    if (found.opened.error == 0 && S_ISREG(found.opened.status.st_mode)) return found;
    left.erase(chosen);
  }
}

}  // namespace static_files
