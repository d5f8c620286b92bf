#include "plugin/plugin_file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/descriptor.h"

namespace berth::plugin {

namespace {

using base::ErrorCode;
using base::fail;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where the opened file really lies, behind all links; empty where the kernel does not tell.
std::string real_path(int descriptor) {
  char text[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = readlink(link.c_str(), text, sizeof text);
  if (size <= 0 || text[0] != '/') return {};
  return {text, static_cast<std::size_t>(size)};
}

base::Result<std::optional<std::string>> judge(int descriptor, const struct stat& file,
                                               const std::string& path, const TrustPolicy& policy) {
  std::optional<std::string> warning;
  const std::string real = real_path(descriptor);
  for (const std::string& folder : {folder_of(path), folder_of(real.empty() ? path : real)}) {
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0) {
      return fail(base::system_error(errno, "cannot look at folder " + folder));
    }
    auto trust = check_trust(file, status, path, policy);
    if (!trust) return trust;
    if (*trust) warning = std::move(*trust);
  }
  return warning;
}

// Reads up to `size` bytes and one more, so that a file that grew is noticed.
base::Result<std::string> read_all(int descriptor, std::size_t size) {
  std::string bytes(size + 1, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(base::system_error(errno, "cannot read the file"));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

bool unchanged(const struct stat& before, const struct stat& after) noexcept {
  return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

base::Result<PluginFile> read_plugin_file(const std::string& path, const TrustPolicy& policy,
                                          std::uint64_t max_bytes) {
  // O_NONBLOCK: opening a FIFO would wait for a writer.
  const base::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return fail(base::system_error(errno, "cannot open the file"));
  struct stat before {};
  if (fstat(file.get(), &before) != 0) {
    return fail(base::system_error(errno, "cannot look at the file"));
  }
  if (!S_ISREG(before.st_mode)) {
    return fail(ErrorCode::kInvalidArgument,
                S_ISDIR(before.st_mode) ? "it is a folder; give the path of the built .so"
                                        : "not a regular file; give the path of the built .so");
  }
  const auto size = static_cast<std::uint64_t>(before.st_size);
  if (size > max_bytes) {
    return fail(ErrorCode::kExhausted, "the file has " + std::to_string(size) +
                                           " bytes, a plugin may have " +
                                           std::to_string(max_bytes) + " (strip it?)");
  }
  PluginFile result;
  result.path = path;
  result.trust = judge(file.get(), before, path, policy);
  auto bytes = read_all(file.get(), static_cast<std::size_t>(size));
  if (!bytes) return fail(std::move(bytes).error());
  struct stat after {};
  if (fstat(file.get(), &after) != 0) {
    return fail(base::system_error(errno, "cannot look at the file"));
  }
  if (bytes->size() != size || !unchanged(before, after)) {
    return fail(ErrorCode::kCorrupt,
                "the file changed while it was read (is it still being copied?); copy it under "
                "another name and rename it into place");
  }
  result.bytes = std::move(*bytes);
  return result;
}

}  // namespace berth::plugin
