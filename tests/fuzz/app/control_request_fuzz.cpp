// Any body of a question to the control socket: what is taken says what it means once written anew,
// what is refused is refused with a printable line, and a narrower question takes no more than a
// wider one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "app/control_json.h"
#include "app/control_request.h"
#include "config/printable.h"
#include "fuzz/fuzz_check.h"

namespace {

using berth::app::ControlMembers;
using berth::app::ControlRequest;
using berth::app::read_control_request;
using berth::fuzz::check;

constexpr ControlMembers kAll{.dry_run = true, .to = true};

std::string written(const ControlRequest& request) {
  std::string text = request.dry_run ? R"({"dry_run":true)" : R"({"dry_run":false)";
  if (request.to) text += ",\"to\":" + std::to_string(*request.to);
  return text + "}";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto all = read_control_request(body, kAll);
  if (all) {
    const auto again = read_control_request(written(*all), kAll);
    check(again.ok(), "what was understood can be said");
    check(again->dry_run == all->dry_run && again->to == all->to, "it means the same");
    check(!all->to || *all->to > 0, "no generation has the number 0");
    check(!all->dry_run || body.find("true") != std::string::npos, "nobody guesses");
  } else {
    const std::string& text = all.error().text;
    check(!text.empty() && berth::config::printable(text) == text,
          "the error is one printable line");
    check(berth::app::read_error(berth::app::error_json(text)).value() == text,
          "the error survives JSON");
  }
  const auto none = read_control_request(body, {});
  check(!none || (all && !all->dry_run && !all->to), "a narrower question takes no more");
  const auto reload = read_control_request(body, {.dry_run = true});
  check(!reload || (all && !all->to), "a reload goes to no generation");
  // What a server says may be as broken: it is refused, never thrown.
  (void)berth::app::read_report(body).ok();
  (void)berth::app::read_status(body).ok();
  (void)berth::app::read_generations(body).ok();
  (void)berth::app::read_holds(body).ok();
  return 0;
}
