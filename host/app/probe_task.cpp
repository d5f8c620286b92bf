#include "app/probe_task.h"

#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace berth::app {

namespace {

constexpr char kEnd = '\0';

// Up to the next end, which is taken, too.
std::optional<std::string> take(std::string_view& text) {
  const std::size_t size = text.find(kEnd);
  if (size == std::string_view::npos) return std::nullopt;
  std::string taken(text.substr(0, size));
  text.remove_prefix(size + 1);
  return taken;
}

}  // namespace

std::string serialise(const ProbeTask& task) {
  std::string text;
  for (const std::string& each :
       {task.configuration, task.alias, task.path, std::to_string(task.cpu_seconds)}) {
    text += each;
    text += kEnd;
  }
  return text;
}

std::optional<ProbeTask> parse_probe_task(std::string_view text) {
  auto configuration = take(text);
  auto alias = take(text);
  auto path = take(text);
  const auto seconds = take(text);
  if (!seconds || !text.empty()) return std::nullopt;
  ProbeTask task{std::move(*configuration), std::move(*alias), std::move(*path), 0};
  const char* const end = seconds->data() + seconds->size();
  const auto read = std::from_chars(seconds->data(), end, task.cpu_seconds);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return task;
}

}  // namespace berth::app
