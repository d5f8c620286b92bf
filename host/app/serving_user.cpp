#include "app/serving_user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "app/given_folder.h"
#include "app/process.h"
#include "config/printable.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

// More do not go to the supervisor in one message.
constexpr std::size_t kMostGroups = 256;

std::optional<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

base::Failure<config::Diagnostic> finding(const config::User& user, std::string what,
                                          std::string help) {
  return base::fail(config::Diagnostic{.position = user.position,
                                       .what = std::move(what),
                                       .suggestion = {},
                                       .help = std::move(help)});
}

// Of an entry of the user database.
std::vector<gid_t> groups_of(const char* name, gid_t group) {
  std::vector<gid_t> groups(kMostGroups);
  int count = static_cast<int>(groups.size());
  while (::getgrouplist(name, group, groups.data(), &count) < 0) {
    groups.resize(std::max(static_cast<std::size_t>(count), groups.size() + kMostGroups));
    count = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

// On the main thread, before any other is started.
// NOLINTBEGIN(concurrency-mt-unsafe)
base::Result<base::Identity, config::Diagnostic> find_user(const config::User& user) {
  base::Identity identity;
  const auto number = number_of(user.name);
  const passwd* const entry = number ? ::getpwuid(*number) : ::getpwnam(user.name.c_str());
  if (entry == nullptr && !number) {
    return finding(user, "there is no user " + config::quote(user.name),
                   "`getent passwd` lists those there are; an id, 65532:65532, needs none");
  }
  const std::string name = entry == nullptr ? std::string() : entry->pw_name;
  identity.user = entry == nullptr ? *number : entry->pw_uid;
  identity.group = entry == nullptr ? 0 : entry->pw_gid;
  if (identity.user == 0) {
    return finding(user, config::quote(user.name) + " is root", "name another user");
  }
  if (user.group.empty() && entry == nullptr) {
    return finding(user, "which group user " + user.name + " has is not known: it has no name here",
                   "write " + user.name + ":" + user.name + ", or another group behind the colon");
  }
  if (!user.group.empty()) {
    const auto group = number_of(user.group);
    const struct group* const found = group ? nullptr : ::getgrnam(user.group.c_str());
    if (!group && found == nullptr) {
      return finding(user, "there is no group " + config::quote(user.group),
                     "`getent group` lists those there are; an id needs no name");
    }
    identity.group = group ? *group : found->gr_gid;
  }
  identity.groups =
      name.empty() ? std::vector<gid_t>{identity.group} : groups_of(name.c_str(), identity.group);
  if (identity.groups.size() > kMostGroups) {
    return finding(user, config::quote(user.name) + " is in more than 256 groups",
                   "name a user that is there for this alone");
  }
  return identity;
}
// NOLINTEND(concurrency-mt-unsafe)

base::Result<std::optional<base::Identity>, config::Diagnostic> whom_to_become(
    const config::User& user) {
  if (user.name.empty()) return std::optional<base::Identity>();
  auto found = find_user(user);
  if (!found) return base::fail(std::move(found).error());
  const uid_t own = ::geteuid();
  if (own == 0) return std::optional(std::move(*found));
  if (own == found->user) return std::optional<base::Identity>();
  return finding(user,
                 "user " + std::to_string(own) + " cannot serve as user " +
                     std::to_string(found->user) + ": only root becomes another",
                 "start berth as root or as that user, or leave `user` out");
}

base::Status<> prepare_folders(const std::string& state, const config::ControlSocket& control,
                               const RuntimeEnvironment& runtime, const base::Identity& user) {
  constexpr mode_t kStateMode = 0700;
  if (auto given = give_folder(state, kStateMode, user); !given) return given;
  const auto folder = control_folder(runtime);
  if (control.kind != config::ControlSocket::Kind::kDefault || !folder) return base::done();
  return give_folder(*folder, kControlFolderMode, user);
}

base::Status<> prepare_state(const base::Identity& user) {
  const auto state = plugin::state_folder(state_environment());
  if (!state) return base::fail(state.error());
  config::ControlSocket none;
  none.kind = config::ControlSocket::Kind::kOff;
  return prepare_folders(*state, none, {}, user);
}

}  // namespace berth::app
