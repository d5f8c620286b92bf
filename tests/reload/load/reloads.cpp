#include "reload/load/reloads.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace berth::reload {
namespace {

constexpr std::string_view kRequest =
    "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";

base::Descriptor connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + " is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  base::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "the control socket " + path);
  }
  return socket;
}

long long microseconds(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

Reloads::Reloads(Deploying deploying, Around& around)
    : deploying_(std::move(deploying)), around_(around) {}

void Reloads::start(std::uint64_t count) {
  wanted_ += count;
  if (count > 0) around_.call_at(Clock::now(), *this);
}

// As an operator does it: a whole file takes the place of the other.
void Reloads::deploy() const {
  const auto& file = deploying_.releases[(around_.releases.returned() + 1) % 2];
  const std::string aside = deploying_.deployed + ".aside";
  std::filesystem::copy_file(file, aside, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::rename(aside, deploying_.deployed);
}

void Reloads::ask() {
  input_.clear();
  answered_ = false;
  under_way_ = true;
  first_at_ = {};
  asked_at_ = Clock::now();
  around_.releases.ask();
  socket_ = connect_to(deploying_.control);
  if (!around_.add(socket_, *this) ||
      ::send(socket_.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(kRequest.size())) {
    throw std::system_error(errno, std::generic_category(), "the control socket");
  }
}

void Reloads::on_due(Clock::time_point) {
  deploy();
  ask();
}

void Reloads::on_ready(Clock::time_point now) {
  if (!socket_ || answered_) return;
  std::array<char, 65536> buffer;
  const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) throw std::runtime_error("the control socket was closed: " + input_);
  input_.append(buffer.data(), static_cast<std::size_t>(size));
  const load::Parsed parsed = parse_answer(input_, answer_);
  if (parsed == load::Parsed::kMore) return;
  socket_.reset();
  answered_ = true;
  answered_at_ = now;
  if (parsed == load::Parsed::kWhole && answer_.status == 200 &&
      answer_.body.find("\"done\":true") != std::string::npos) {
    around_.releases.take_effect();
    if (first_at_ != Clock::time_point{}) finish(now);
  } else {
    if (parsed == load::Parsed::kWrong) answer_.body = "null";
    around_.releases.take_back();
    ++failed_;
    finish(now);
  }
}

void Reloads::saw(std::uint64_t since, int release, Clock::time_point now) {
  if (!under_way_ || first_at_ != Clock::time_point{}) return;
  const std::uint64_t next = around_.releases.asked();
  // The one before the last has the same release as the next one: only who began since then tells.
  if (release != Releases::release_of(next) || since + 1 < next) return;
  first_at_ = now;
  if (answered_) finish(now);
}

void Reloads::finish(Clock::time_point now) {
  under_way_ = false;
  ++ended_;
  std::erase(answer_.body, '\n');  // of JSON, where it is but space
  std::printf(
      "{\"reload\":%llu,\"answered_us\":%lld,\"first_us\":%lld,\"report\":%s}\n",
      static_cast<unsigned long long>(ended_), microseconds(answered_at_ - asked_at_),
      microseconds(first_at_ == Clock::time_point{} ? Clock::duration(-1) : first_at_ - asked_at_),
      answer_.body.c_str());
  std::fflush(stdout);
  if (!done()) around_.call_at(std::max(now, asked_at_ + deploying_.pace), *this);
}

}  // namespace berth::reload
