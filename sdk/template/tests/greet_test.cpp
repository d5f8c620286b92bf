#include <berth/testing.hpp>

#include <cstdio>

using berth::testing::map;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("FAILED: %s\n", what);
  ++failures;
}

}  // namespace

int main() {
  Recorder recorder;
  check(recorder.mount("greet", map({{"greeting", "hi"}})), "it is made");
  const auto response = recorder.serve(RequestSpec("GET", "/").path_value("name", "bob"));
  check(response.status == 200, "it answers 200");
  check(response.body == "hi, bob\n", "it greets");
  check(recorder.misuse().empty(), "it keeps the contract");

  check(!recorder.mount("greet"), "it wants a greeting");
  check(recorder.complaints().size() == 1, "and says so");
  return failures;
}
