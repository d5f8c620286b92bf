#include "config/expand.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "config/printable.h"

namespace berth::config {

namespace {

constexpr std::string_view kOpening = "${";
constexpr std::string_view kEscaped = "$${";
constexpr std::string_view kDefault = ":-";
constexpr std::string_view kSyntaxHelp = "write ${NAME} or ${NAME:-default}, or $${ for a plain ${";

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name_character(char c) noexcept { return is_letter(c) || (c >= '0' && c <= '9'); }

// What may not come out of the environment, for it may not stand in the file either.
std::optional<std::string_view> find_fault(std::string_view value) {
  while (!value.empty()) {
    char32_t code_point = 0;
    const std::size_t length = decode_utf8(value, code_point);
    if (length == 0) return "is not UTF-8";
    const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
    if (control && code_point != '\n' && code_point != '\t') return "holds a control character";
    value.remove_prefix(length);
  }
  return std::nullopt;
}

// One text on its way from left to right.
class Expander {
 public:
  Expander(std::string_view text, const Environment& environment)
      : rest_(text), environment_(environment) {}

  Expansion run() {
    for (;;) {
      const std::size_t dollar = std::min(rest_.find('$'), rest_.size());
      result_.text += rest_.substr(0, dollar);
      rest_.remove_prefix(dollar);
      if (rest_.empty()) return std::move(result_);
      if (rest_.starts_with(kEscaped)) {
        result_.text += kOpening;
        rest_.remove_prefix(kEscaped.size());
        ++number_;
      } else if (rest_.starts_with(kOpening)) {
        rest_.remove_prefix(kOpening.size());
        take_reference();
        ++number_;
      } else {
        result_.text += '$';
        rest_.remove_prefix(1);
      }
    }
  }

 private:
  void refuse(std::string what, std::string help) {
    result_.errors.push_back({number_, std::move(what), std::move(help)});
  }

  // Behind the `${`.
  void take_reference() {
    const auto* const name_end = std::find_if_not(rest_.begin(), rest_.end(), is_name_character);
    const std::string_view name =
        rest_.substr(0, static_cast<std::size_t>(name_end - rest_.begin()));
    const std::string_view behind = rest_.substr(name.size());
    const bool has_default = behind.starts_with(kDefault);
    if (name.empty() || !is_letter(name.front()) || !(has_default || behind.starts_with('}'))) {
      return refuse("this is no reference to a variable of the environment",
                    std::string(kSyntaxHelp));
    }
    const std::size_t end = behind.find('}');
    if (end == std::string_view::npos) {
      return refuse("the reference is never closed", std::string(kSyntaxHelp));
    }
    const std::string_view otherwise =
        has_default ? behind.substr(kDefault.size(), end - kDefault.size()) : std::string_view();
    rest_ = behind.substr(end + 1);
    if (otherwise.find(kOpening) != std::string_view::npos) {
      refuse("a default may not hold a reference", std::string(kSyntaxHelp));
      for (std::size_t at = 0; (at = otherwise.find(kOpening, at)) != std::string_view::npos;
           ++at) {
        ++number_;
      }
      return;
    }
    put_value(name, has_default, otherwise);
  }

  void put_value(std::string_view name, bool has_default, std::string_view otherwise) {
    const std::string* const value = environment_.find(name);
    if (has_default && (value == nullptr || value->empty())) {
      result_.text += otherwise;
      return;
    }
    if (value == nullptr) {
      const std::string shown(name);
      return refuse("the environment has no variable " + shown,
                    "set it, or write ${" + shown + ":-default}");
    }
    if (const auto fault = find_fault(*value)) {
      return refuse("the value of the variable " + std::string(name) + " " + std::string(*fault),
                    "values are UTF-8 text; of the control characters TAB and LF may be in them");
    }
    result_.text += *value;
  }

  std::string_view rest_;
  const Environment& environment_;
  std::size_t number_ = 0;
  Expansion result_;
};

}  // namespace

bool has_reference(std::string_view text) noexcept {
  return text.find(kOpening) != std::string_view::npos;
}

Expansion expand(std::string_view text, const Environment& environment) {
  return Expander(text, environment).run();
}

std::string escape_references(std::string_view text) {
  std::string out;
  for (std::size_t at = text.find(kOpening); at != std::string_view::npos;
       at = text.find(kOpening)) {
    out += text.substr(0, at);
    out += kEscaped;
    text.remove_prefix(at + kOpening.size());
  }
  return out += text;
}

}  // namespace berth::config
