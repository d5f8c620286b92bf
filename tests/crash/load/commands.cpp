#include "crash/load/commands.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "bench/load/flags.h"

namespace berth::crash {
namespace {

using namespace std::chrono_literals;

// While nobody asks for anything.
constexpr auto kRest = 20ms;

// Without what would end a text of JSON.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) result += c >= ' ' && c <= '~' && c != '"' && c != '\\' ? c : '?';
  return result + '"';
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

}  // namespace

Commands::Commands(Around& around, Incident& incident, const std::vector<Kind>& kinds, bool spin)
    : around_(around),
      incident_(incident),
      kinds_(kinds),
      spin_(spin),
      input_(::dup(STDIN_FILENO)) {
  if (!input_ || !around.add(input_, *this)) {
    throw std::system_error(errno, std::generic_category(), "stdin");
  }
}

void Commands::on_ready(Clock::time_point) {
  if (!input_) return;
  std::array<char, 4096> buffer;
  const ssize_t size = ::read(input_.get(), buffer.data(), buffer.size());
  if (size <= 0) {
    input_.reset();
    return;
  }
  text_.append(buffer.data(), static_cast<std::size_t>(size));
  for (std::size_t end = 0; (end = text_.find('\n')) != std::string::npos;) {
    const std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    take(line);
  }
}

void Commands::take(std::string_view line) {
  const std::string_view verb = take_word(line);
  if (verb == "counts") {
    tell_counts(kinds_);
  } else if (verb == "rest" || verb == "busy") {
    around_.resting = verb == "rest";
    around_.set_wait(around_.resting ? kRest : spin_ ? 0ms : 1ms);
    tell_counts(kinds_);
  } else if (verb == "crash") {
    const auto process = bench::number<pid_t>(take_word(line));
    incident_.crash(process, std::string(line));
  } else if (verb == "kill") {
    incident_.kill(bench::number<pid_t>(line));
  } else {
    throw std::invalid_argument("what is '" + std::string(verb) + "'?");
  }
}

void tell_counts(const std::vector<Kind>& kinds) {
  std::ostringstream out;
  out << '[';
  for (const Kind& kind : kinds) {
    out << (&kind == kinds.data() ? "" : ",") << "{\"name\":" << quoted(kind.name)
        << ",\"clients\":" << kind.clients << ",\"completed\":" << kind.completed
        << ",\"failed\":" << kind.failed << ",\"refused\":" << kind.refused
        << ",\"asked_anew\":" << kind.asked_anew << ",\"lost\":" << kind.lost << ",\"failures\":[";
    for (std::size_t i = 0; i < kind.failures.size(); ++i) {
      out << (i == 0 ? "" : ",") << quoted(kind.failures[i]);
    }
    out << "]}";
  }
  out << ']';
  std::puts(out.str().c_str());
  std::fflush(stdout);
}

}  // namespace berth::crash
