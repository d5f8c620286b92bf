// Asks a running server over its control socket: finds the socket, waits for the answer, and says
// what to do where there is none. What the answers mean is the verbs'.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace berth::cli {

// The exit codes of the verbs that talk to a server.
inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnreachable = 3;
inline constexpr int kTimedOut = 4;

// Where the user says the server is.
struct ControlTarget {
  std::optional<std::string> path;    // --control
  std::optional<std::string> config;  // -c
};

// Why there is no answer: what to print, and the exit code.
struct ControlFailure {
  int code = kUnreachable;
  std::string text;  // lines for stderr, the last one ended
};

struct ControlAnswer {
  int status = 0;
  std::string body;  // JSON without its line end; of a status the engine made up, a text
  bool json = false;
  pid_t server = 0;  // 0: not known
};

// One thread.
class ControlClient {
 public:
  // The paths to try: --control, else what -c FILE says, else the default places.
  [[nodiscard]] static base::Result<ControlClient, ControlFailure> find(
      const ControlTarget& target);
  explicit ControlClient(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // Asks the first path at which somebody listens, and from then on that one. A server that has no
  // place for one more is asked again until the deadline. The failure's text begins with `berth:
  // error:`.
  [[nodiscard]] base::Result<ControlAnswer, ControlFailure> ask(const std::string& method,
                                                                const std::string& target,
                                                                const std::string& body,
                                                                base::TimePoint deadline);

 private:
  std::vector<std::string> paths_;
};

}  // namespace berth::cli
