#include "config/section.h"

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "base/limits.h"
#include "config/printable.h"
#include "config/suggest.h"

namespace berth::config {

namespace {

constexpr std::string_view kFreePrefix = "x-";

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

std::vector<std::string_view> usable_names(std::span<const Key> keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) {
    if (key.status != Key::Status::kLater) names.push_back(key.name);
  }
  return names;
}

// Returns the key that was probably meant by an unknown one.
std::string check_key(const Node& node, std::string_view what, std::span<const Key> keys,
                      Report& report) {
  const auto known = std::find_if(keys.begin(), keys.end(),
                                  [&node](const Key& key) { return key.name == node.text(); });
  if (known == keys.end()) {
    const std::vector<std::string_view> names = usable_names(keys);
    std::string suggestion = nearest(node.text(), names);
    std::string help;
    if (suggestion.empty()) help = std::string(what) + " has the keys " + join(names);
    report.error(node.position(), "unknown key " + quote(node.text()), std::move(help), suggestion);
    return suggestion;
  }
  if (known->status == Key::Status::kLater) {
    report.error(node.position(),
                 "`" + std::string(known->name) + "` is not supported by this version of berth",
                 std::string(known->help));
  }
  return {};
}

}  // namespace

Report::Report(Diagnostics& diagnostics, Spoilt spoilt)
    : diagnostics_(diagnostics), spoilt_(std::move(spoilt)) {}

void Report::error(base::SourcePosition position, std::string what, std::string help,
                   std::string suggestion) {
  add({std::move(position), std::move(what), std::move(suggestion), std::move(help),
       Severity::kError});
}

void Report::warning(base::SourcePosition position, std::string what, std::string help) {
  if (diagnostics_.errors() != 0) return;
  add({std::move(position), std::move(what), {}, std::move(help), Severity::kWarning});
}

bool Report::full() const noexcept { return diagnostics_.errors() >= base::limits::kConfigErrors; }

void Report::add(Diagnostic diagnostic) {
  const base::SourcePosition& at = diagnostic.position;
  if (spoilt_.contains({at.file, at.line, at.column})) return;
  diagnostics_.add(std::move(diagnostic));
}

Section::Section(const Node& node, std::string_view what, std::span<const Key> keys, Report& report,
                 bool free_keys) {
  const bool requires_keys = std::any_of(keys.begin(), keys.end(), [](const Key& key) {
    return key.status == Key::Status::kRequired;
  });
  if (!node.is_map() && (!node.is_null() || requires_keys)) {
    report.error(node.position(),
                 std::string(what) + " has to be a map, this is " + std::string(node.kind_name()),
                 std::string(what) + " has the keys " + join(usable_names(keys)));
    return;
  }
  node_ = &node;
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (free_keys && node.key(i).text().starts_with(kFreePrefix)) continue;
    meant_.insert(check_key(node.key(i), what, keys, report));
  }
  for (const Key& key : keys) {
    if (key.status != Key::Status::kRequired || !misses(key.name)) continue;
    report.error(node.position(), std::string(what) + " needs the key " + quote(key.name),
                 std::string(key.help));
  }
}

const Node* Section::get(std::string_view key) const noexcept {
  return node_ == nullptr ? nullptr : node_->find(key);
}

bool Section::misses(std::string_view key) const noexcept {
  return node_ != nullptr && node_->find(key) == nullptr && !meant_.contains(key);
}

std::optional<std::string> Section::string(std::string_view key, Report& report) const {
  const Node* const node = get(key);
  if (node == nullptr) return std::nullopt;
  const auto text = report.take(node->as_string());
  if (!text) return std::nullopt;
  if (!text->empty()) return std::string(*text);
  report.error(node->position(), "`" + std::string(key) + "` is empty");
  return std::nullopt;
}

void for_each_item(const Node& node, std::string_view what, Report& report,
                   const std::function<void(const Node&)>& each) {
  if (!node.is_list()) {
    return report.error(
        node.position(),
        std::string(what) + " has to be a list, this is " + std::string(node.kind_name()),
        "begin each item with -, or write [a, b]");
  }
  for (std::size_t i = 0; i < node.size(); ++i) each(node.value(i));
}

std::optional<std::size_t> choose(const Node& node, std::span<const std::string_view> words,
                                  Report& report) {
  const auto text = report.take(node.as_string());
  if (!text) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  report.error(node.position(), quote(*text) + " is not one of " + join(words), {},
               nearest(*text, words));
  return std::nullopt;
}

}  // namespace berth::config
