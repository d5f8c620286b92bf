// A whole connection: the bytes of a client, in any pieces, to the replies. The first three bytes
// of an input say how the client behaves, the rest is what it sends, and the paths it asks for say
// what the handlers do (ScriptedHandler).
//
//   byte 0  pieces: 0 two, 1 eight single bytes between two, 2 up to four, 3 one for each CR (8)
//   byte 1  takes:  0 all at once, else it stops after 1000, 100 or 10 bytes, twice that ...
//   byte 2  ends:   0 FIN, 1 FIN with the last bytes, 2 RST, 3 FIN
//
// each by its last two bits, so that '0' to '3' are what they say.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "fuzz/fuzz_check.h"
#include "fuzz/serve/reply_judge.h"
#include "fuzz/serve/scripted_server.h"

namespace {

using berth::fuzz::ClientScript;
using berth::fuzz::Outcome;
using End = ClientScript::End;

constexpr std::size_t kControlBytes = 3;

std::vector<std::size_t> cuts_of(std::string_view bytes, unsigned pieces) {
  std::vector<std::size_t> cuts;
  std::size_t number = berth::fuzz::number_of(bytes);
  const auto any_place = [&] { return (number = number * 6364136223846793005U + 1) / 65536; };
  switch (pieces) {
    case 0:
      cuts.push_back(any_place() % (bytes.size() + 1));
      break;
    case 1:
      for (std::size_t at = any_place() % (bytes.size() + 1), i = 0; i < 8; ++i) {
        cuts.push_back(at + i);
      }
      break;
    case 2:
      for (int i = 0; i < 3; ++i) cuts.push_back(any_place() % (bytes.size() + 1));
      break;
    default:
      for (std::size_t at = bytes.find('\r'); at < bytes.size() && cuts.size() < 8;
           at = bytes.find('\r', at + 1)) {
        cuts.push_back(at + 1);
      }
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::erase_if(cuts, [&](std::size_t at) { return at == 0 || at >= bytes.size(); });
  return cuts;
}

void require(const Outcome& outcome, const ClientScript& script) {
  const auto problem = berth::fuzz::judge(outcome, script);
  if (!problem) return;
  std::fprintf(stderr, "property broken: %s\n--- replies\n%s\n---\n", problem->c_str(),
               outcome.transcript.bytes.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kControlBytes) return 0;
  static berth::fuzz::ScriptedServer server;
  constexpr std::array<std::size_t, 4> kTakes{0, 1000, 100, 10};
  constexpr std::array kEnds{End::kFin, End::kFinAtOnce, End::kReset, End::kFin};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + kControlBytes,
                               size - kControlBytes);
  const std::array clients{ClientScript{.bytes = bytes},
                           ClientScript{.bytes = bytes,
                                        .cuts = cuts_of(bytes, data[0] % 4U),
                                        .takes = kTakes[data[1] % 4U],
                                        .end = kEnds[data[2] % 4U]}};
  const auto outcomes = server.serve(clients);
  for (std::size_t i = 0; i < clients.size(); ++i) require(outcomes[i], clients[i]);
  const std::string_view whole = outcomes[0].transcript.bytes;
  const std::string_view pieces = outcomes[1].transcript.bytes;
  if (clients[1].takes == 0 && clients[1].end != End::kReset) {
    berth::fuzz::check(pieces == whole, "pieces give the same replies as the whole");
  } else {
    // Where replies are not taken at once a body that nobody read ends the connection, where it is
    // reset they end anywhere.
    berth::fuzz::check(whole.starts_with(pieces), "what a slow client gets is what others get");
  }
  return 0;
}
