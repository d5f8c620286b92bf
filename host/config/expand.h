// References to the environment inside one text: ${NAME} and ${NAME:-default}. Not YAML: it sees a
// scalar after its quotes and escapes are gone, and what comes out is never read again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.h"

namespace berth::config {

// One reference that has no value.
struct ExpansionError {
  std::size_t number;  // of the `${` among those of the text, from 0; escaped ones count, too
  std::string what;
  std::string help;
};

struct Expansion {
  std::string text;  // whole only where there are no errors
  std::vector<ExpansionError> errors;
};

// Whether expand() would change the text or find something wrong: it holds a `${`.
[[nodiscard]] bool has_reference(std::string_view text) noexcept;

// Replaces each ${NAME} by the variable's value, each ${NAME:-default} by it where it is neither
// unset nor empty, else by the default, and each $${ by ${. Every other $ stands for itself.
// NAME is [A-Za-z_][A-Za-z0-9_]*; the default goes to the next } and holds no ${. Values are not
// expanded again. Refused: other things after ${, a variable that is not set and has no default,
// one whose value is not UTF-8 or holds a control character but TAB and LF. Errors never show a
// value.
[[nodiscard]] Expansion expand(std::string_view text, const Environment& environment);

// The text that expand() turns into `text`.
[[nodiscard]] std::string escape_references(std::string_view text);

}  // namespace berth::config
