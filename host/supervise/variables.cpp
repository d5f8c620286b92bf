#include "supervise/variables.h"

#include <unistd.h>

namespace berth::supervise {

namespace {

bool is(const std::string& entry, std::string_view name) noexcept {
  return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
}

}  // namespace

Variables Variables::of_process() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return Variables(std::move(entries));
}

std::string Variables::value(std::string_view name) const {
  for (const std::string& entry : entries_) {
    if (is(entry, name)) return entry.substr(name.size() + 1);
  }
  return {};
}

void Variables::set(std::string_view name, std::string_view value) {
  remove(name);
  entries_.push_back(std::string(name).append("=").append(value));
}

void Variables::remove(std::string_view name) {
  std::erase_if(entries_, [name](const std::string& entry) { return is(entry, name); });
}

}  // namespace berth::supervise
