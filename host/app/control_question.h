// Which question a request to the control socket asks, or why it asks none: method, path and what a
// browser would give away. It reads no body and answers nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "app/control_request.h"

namespace berth::serve {
class Request;
}

namespace berth::app {

struct ControlQuestion {
  enum class Kind : std::uint8_t {
    kRefused,      // status and why say what is wrong
    kStatus,       // GET /v1/status
    kReload,       // POST /v1/reload
    kRollback,     // POST /v1/rollback
    kGenerations,  // GET /v1/generations
    kHolds,        // GET /v1/generations/{number}/holds
    kPin,          // PUT /v1/plugins/{alias}/pin
    kUnpin,        // DELETE /v1/plugins/{alias}/pin
    kRelease,      // POST /v1/plugins/{alias}/release
    kUpgrade,      // POST /v1/upgrade
    kStop,         // POST /v1/stop
  };
  Kind kind = Kind::kRefused;
  std::uint64_t generation = 0;  // kHolds
  std::string_view alias;        // kPin, kUnpin, kRelease: of the request's target
  ControlMembers members;        // that its body may have

  int status = 404;        // kRefused
  std::string_view why;    // kRefused; static storage
  std::string_view allow;  // kRefused with 405: the method; static storage

  // Its answer may take as long as a reload does.
  [[nodiscard]] bool waits() const noexcept {
    return kind == Kind::kReload || kind == Kind::kRollback || kind == Kind::kHolds ||
           kind == Kind::kRelease || kind == Kind::kUpgrade;
  }
};

// From the head alone; allocates nothing. Refused are, in this order (faults.md 73):
//   403  a Host other than localhost, 127.0.0.1, [::1] or none: DNS rebinding ends here
//   403  an Origin or a Sec-Fetch-Site field: no browser has business here
//   404  another path; 405 another method, HEAD and OPTIONS included
//   400  a query, a body where none is taken, a number or a name that can be none
//   415  a body that is not application/json
[[nodiscard]] ControlQuestion recognise(const serve::Request& request) noexcept;

}  // namespace berth::app
