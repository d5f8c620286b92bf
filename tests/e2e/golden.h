// Comparison of what berth prints with files in tests/golden/cli. To rewrite them after a
// deliberate change: BERTH_UPDATE_GOLDEN=1 e2e, then read the diff.
#pragma once

#include <string>

#include "e2e/child.h"

namespace berth::e2e {

// The bytes of a file of tests/golden/cli.
[[nodiscard]] std::string golden_file(const std::string& name);

// Fails the test unless `actual` is what the file holds.
void expect_golden(const std::string& name, const std::string& actual);

// "exit N", then what stands on stdout, then on stderr: one text for one golden file.
[[nodiscard]] std::string transcript(const Outcome& outcome);

// Every `from` in the text becomes `to`: for paths that differ from run to run.
[[nodiscard]] std::string replaced(std::string text, const std::string& from,
                                   const std::string& to);

}  // namespace berth::e2e
