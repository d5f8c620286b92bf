#include "net/inherited_sockets.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

namespace berth::net {

namespace {

constexpr std::string_view kNameless = "unknown";  // sd_listen_fds_with_names(3)

base::Failure<base::Error> refuse(std::string text) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(text));
}

// Decimal digits only.
std::optional<int> parse_number(std::string_view text) noexcept {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
  return value;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t colon = text.find(':');
    parts.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

base::Result<InheritedSockets> InheritedSockets::take(const Variables& variables, pid_t self,
                                                      int first) {
  InheritedSockets result;
  if (!variables.listen_pid || !variables.listen_fds) return result;
  const auto pid = parse_number(*variables.listen_pid);
  if (!pid) return refuse("LISTEN_PID is no number: \"" + *variables.listen_pid + "\"");
  if (*pid != self) {
    result.for_another_ = true;
    return result;
  }
  const auto count = parse_number(*variables.listen_fds);
  if (!count) return refuse("LISTEN_FDS is no number: \"" + *variables.listen_fds + "\"");

  std::vector<std::string> names;
  if (variables.listen_fdnames && *count > 0) names = split(*variables.listen_fdnames);
  if (variables.listen_fdnames && names.size() != static_cast<std::size_t>(*count)) {
    return refuse("LISTEN_FDS says " + std::to_string(*count) +
                  " descriptors, LISTEN_FDNAMES has " + std::to_string(names.size()) + " names");
  }
  for (int i = 0; i < *count; ++i) {
    if (::fcntl(first + i, F_SETFD, FD_CLOEXEC) != 0) {
      return refuse("LISTEN_FDS says " + std::to_string(*count) + " descriptors, but descriptor " +
                    std::to_string(first + i) + " is not open");
    }
    std::string name =
        names.empty() ? std::string(kNameless) : std::move(names[static_cast<std::size_t>(i)]);
    add_once(result.all_names_, name);
    result.entries_.push_back({std::move(name), base::Descriptor(first + i)});
  }
  return result;
}

base::Result<InheritedSockets> InheritedSockets::duplicate() const {
  InheritedSockets result;
  result.all_names_ = all_names_;
  result.for_another_ = for_another_;
  for (const Entry& entry : entries_) {
    base::Descriptor copy(::fcntl(entry.descriptor.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return base::fail(base::system_error(errno, "fcntl"));
    result.entries_.push_back({entry.name, std::move(copy)});
  }
  return result;
}

std::vector<base::Descriptor> InheritedSockets::take(std::string_view name) {
  std::vector<base::Descriptor> taken;
  for (Entry& entry : entries_) {
    if (entry.name == name) taken.push_back(std::move(entry.descriptor));
  }
  std::erase_if(entries_, [](const Entry& entry) { return !entry.descriptor; });
  return taken;
}

std::vector<std::string> InheritedSockets::names() const {
  std::vector<std::string> result;
  for (const Entry& entry : entries_) add_once(result, entry.name);
  return result;
}

std::string InheritedSockets::explain() const {
  if (for_another_) return "LISTEN_PID names another process, so there are no descriptors";
  if (all_names_.empty()) {
    return "LISTEN_FDS names no descriptors: start berth by a systemd socket unit, or listen at an "
           "`address`";
  }
  std::string text = "there are ";
  for (const std::string& name : all_names_) {
    if (&name != &all_names_.front()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace berth::net
