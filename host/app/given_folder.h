// A folder that root makes for the user it serves as. Nothing that another could have put there is
// given away.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/identity.h"
#include "base/result.h"

namespace berth::app {

// Made, with what is above it, where it is not there: with that mode, and the user's; what is above
// is root's with mode 0755. One that is there and the user's stays as it is. One that is root's,
// and that nobody else may write to, becomes the user's if it holds nothing but what berth keeps
// there (of a server that was root, or of `berth validate`), with what is below. Links are not
// followed. kPermission: it is another's, or holds something else, with the command that mends it;
// else as the system says. REQUIRES: root.
[[nodiscard]] base::Status<> give_folder(const std::string& path, mode_t mode,
                                         const base::Identity& user);

}  // namespace berth::app
