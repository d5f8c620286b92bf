#include "plugin/private_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/sha256.h"

namespace berth::plugin {

namespace {

using base::fail;

// "/deploy/hello.so" -> "hello", with nothing in it that a shell or a log would trip over.
std::string stem_of(const std::string& path) {
  std::string_view name(path);
  name = name.substr(name.rfind('/') + 1);
  if (name.ends_with(".so")) name.remove_suffix(3);
  std::string stem(name.substr(0, 64));
  for (char& c : stem) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return stem.empty() ? "plugin" : stem;
}

base::Status<> write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(base::system_error(errno, "cannot write the private copy"));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return base::done();
}

base::Status<> apply(int descriptor, std::span<const BytePatch> patches) {
  for (const BytePatch& patch : patches) {
    if (::pwrite(descriptor, &patch.value, 1, static_cast<off_t>(patch.offset)) == 1) continue;
    return fail(base::system_error(errno, "cannot write the private copy"));
  }
  return base::done();
}

}  // namespace

base::Result<PrivateCopy> PrivateCopy::write(const PluginFile& file, PrivateFolder& folder,
                                             std::span<const BytePatch> patches) {
  base::Sha256 sha256;
  sha256.add(file.bytes);
  std::string digest = base::hexadecimal(sha256.finish());
  const std::string path = folder.path() + "/" + stem_of(file.path) + "." +
                           std::to_string(folder.next_number()) + "." + digest.substr(0, 12) +
                           ".so";
  base::Descriptor out(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500));
  if (!out) return fail(base::system_error(errno, "cannot make the private copy " + path));
  PrivateCopy copy(path, std::move(digest));
  // The umask may have taken bits away.
  if (fchmod(out.get(), 0500) != 0) {
    return fail(base::system_error(errno, "cannot set the mode of " + path));
  }
  if (auto status = write_all(out.get(), file.bytes); !status) {
    return fail(std::move(status).error());
  }
  if (auto status = apply(out.get(), patches); !status) return fail(std::move(status).error());
  return copy;
}

PrivateCopy::PrivateCopy(std::string path, std::string digest) noexcept
    : path_(std::move(path)), digest_(std::move(digest)) {}

PrivateCopy::PrivateCopy(PrivateCopy&& other) noexcept
    : path_(std::exchange(other.path_, {})), digest_(std::move(other.digest_)) {}

PrivateCopy::~PrivateCopy() noexcept {
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace berth::plugin
