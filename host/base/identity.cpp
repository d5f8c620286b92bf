#include "base/identity.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace berth::base {

namespace {

// And takes it, with the separator behind it, from the text. -1 is nobody's (setresuid(2)).
std::optional<std::uint32_t> take_number(std::string_view& text, char separator) noexcept {
  const std::string_view word = text.substr(0, text.find(separator));
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || stop != word.data() + word.size()) return std::nullopt;
  if (number == UINT32_MAX) return std::nullopt;
  text.remove_prefix(word.size() == text.size() ? word.size() : word.size() + 1);
  return number;
}

Status<> failed(const char* what) noexcept { return fail(system_error(errno, what)); }

bool is_all(const Identity& identity) noexcept {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  if (::getresuid(&real, &effective, &saved) != 0) return false;
  if (real != identity.user || effective != identity.user || saved != identity.user) return false;
  gid_t real_group = 0;
  gid_t effective_group = 0;
  gid_t saved_group = 0;
  return ::getresgid(&real_group, &effective_group, &saved_group) == 0 &&
         real_group == identity.group && effective_group == identity.group &&
         saved_group == identity.group &&
         ::getgroups(0, nullptr) == static_cast<int>(identity.groups.size());
}

}  // namespace

std::string Identity::text() const {
  std::string text = std::to_string(user) + ":" + std::to_string(group);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    text += (i == 0 ? ":" : ",") + std::to_string(groups[i]);
  }
  return text;
}

std::optional<Identity> parse_identity(std::string_view text) {
  Identity identity;
  const auto user = take_number(text, ':');
  const auto group = take_number(text, ':');
  if (!user || *user == 0 || !group) return std::nullopt;
  identity.user = *user;
  identity.group = *group;
  while (!text.empty()) {
    const auto number = take_number(text, ',');
    if (!number) return std::nullopt;
    identity.groups.push_back(*number);
  }
  return identity;
}

Status<> become(const Identity& identity) noexcept {
  // In this order: behind the last of them nothing could be given up any more (faults.md 74).
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) {
    return failed("give up the groups of root");
  }
  if (::setresgid(identity.group, identity.group, identity.group) != 0) {
    return failed("give up the group of root");
  }
  if (::setresuid(identity.user, identity.user, identity.user) != 0) {
    return failed("give up root");
  }
  if (!is_all(identity) || ::setuid(0) == 0 || ::seteuid(0) == 0) {
    return fail(ErrorCode::kPermission, "root could not be given up");
  }
  // Nothing of root's has been read into this process; crashes of its plugins want their cores, and
  // /proc/self belongs to root else.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return failed("have the process dumped again");
  return done();
}

Result<AsUser> AsUser::enter(const std::optional<Identity>& identity) {
  AsUser result;
  if (!identity) return result;
  std::vector<gid_t> groups;
  const int count = ::getgroups(0, nullptr);
  if (count > 0) groups.resize(static_cast<std::size_t>(count));
  if (count < 0 || ::getgroups(count, groups.data()) != count) {
    return fail(system_error(errno, "tell the groups of root"));
  }
  result.groups_ = std::move(groups);
  result.group_ = ::getegid();
  result.dumpable_ = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
  if (::setgroups(identity->groups.size(), identity->groups.data()) != 0 ||
      ::setegid(identity->group) != 0 || ::seteuid(identity->user) != 0) {
    return fail(system_error(errno, "be user " + std::to_string(identity->user)));
  }
  return result;
}

AsUser::AsUser(AsUser&& other) noexcept
    : group_(std::exchange(other.group_, std::nullopt)),
      groups_(std::move(other.groups_)),
      dumpable_(other.dumpable_) {}

AsUser::~AsUser() noexcept {
  if (!group_) return;
  // Whatever went wrong: with less than that it must not go on as if it had it all.
  if (::seteuid(0) != 0 || ::setegid(*group_) != 0 ||
      ::setgroups(groups_.size(), groups_.data()) != 0) {
    std::abort();
  }
  if (dumpable_) (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

}  // namespace berth::base
