// What the thread may do beyond the rights of its user, given up before code of others runs.
#pragma once

#include "base/result.h"

namespace berth::base {

// Every capability, also of what it will start, and any gain by exec of a set-user-ID file or one
// with capabilities (PR_SET_NO_NEW_PRIVS): for good, and inherited by threads that are started
// later. REQUIRES: no other thread runs. Does nothing as root, whose rights are not by these alone:
// whoever serves as root has said that it is wanted.
[[nodiscard]] Status<> give_up_privileges() noexcept;

}  // namespace berth::base
