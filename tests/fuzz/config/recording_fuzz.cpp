// Any bytes as a recorded configuration: what is taken is written out as the same bytes again, and
// a replay says of each file and each pattern what the recording holds, whoever asks twice.
#include <cstdint>
#include <string>
#include <string_view>

#include "config/recorded_files.h"
#include "fuzz/fuzz_check.h"

namespace config = berth::config;
using berth::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto recording = config::parse_recording(input);
  if (!recording) {
    check(!recording.error().text.empty(), "a refusal says why");
    return 0;
  }
  check(config::serialise(*recording) == input, "what is taken is written out the same");
  config::ReplayedFiles replayed(*recording);
  config::RecordedFiles again(replayed);
  for (const auto& file : recording->files) {
    const auto read = again.read(file.path);
    check(read.ok() == file.found, "a file is found as it was recorded");
    if (read) check(read->text == file.text && read->identity == file.identity, "with its bytes");
  }
  for (const auto& match : recording->matches) {
    const auto paths = again.match(match.folder, match.pattern);
    check(paths.ok() == match.found, "a pattern is answered as it was recorded");
    if (paths) check(*paths == match.paths, "with its paths");
  }
  check(again.recording() == *recording, "a recording of its replay is the recording");
  return 0;
}
