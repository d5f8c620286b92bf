// Whom a process of root's is to be instead: a user with its groups, for good or for a while. Not
// who has which name.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::base {

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // the supplementary ones

  // "65532:65532:4,27", as parse_identity() takes it.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// Nothing: it is none, or root.
[[nodiscard]] std::optional<Identity> parse_identity(std::string_view text);

// Root is given up for good: groups, group and user, real, effective and saved, and that it cannot
// be had back is tried. The process can be dumped again, which the kernel forbids one that has
// changed its user. What it has of capabilities otherwise: give_up_privileges(). REQUIRES: root,
// and no other thread.
[[nodiscard]] Status<> become(const Identity& identity) noexcept;

// As long as it lives the effective user and groups are those: for what is done to files in folders
// of that user, who could make anything of a path meanwhile. REQUIRES: root, and no other thread.
class AsUser {
 public:
  // Nobody: it stays who it is.
  [[nodiscard]] static Result<AsUser> enter(const std::optional<Identity>& identity);
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  AsUser(AsUser&& other) noexcept;
  AsUser& operator=(AsUser&&) = delete;
  // Ends the process where it cannot be root again.
  ~AsUser() noexcept;

 private:
  AsUser() noexcept = default;

  std::optional<gid_t> group_;  // of before; nothing: it is to stay
  std::vector<gid_t> groups_;
  bool dumpable_ = false;  // before; meanwhile it is not, or that user could trace it
};

}  // namespace berth::base
