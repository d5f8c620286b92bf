// A handler for each facet: what it does with it is what its client sees.
#include <berth/plugin.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;

std::int64_t number(const berth::Request& request, std::string_view name) {
  const std::string_view text = request.query_value(name).value_or("0");
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

template <class Facet>
Facet need(berth::ResponseWriter& response) {
  auto facet = response.as<Facet>();
  if (!facet) throw std::runtime_error("not offered: " + std::string(Facet::kId));
  return *facet;
}

// Says that it is ready before it reads the body, which a client may wait for before it sends it.
class Flusher : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    if (auto controller = response.as<berth::Controller>()) controller->enable_full_duplex();
    response.write("ready;");
    need<berth::Flusher>(response).flush();
    response.write(request.read_all(1024));
  }
};

// Sends back what comes, then says goodbye.
class Hijacker : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    if (request.query_value("late")) response.status(202);
    berth::Connection connection = need<berth::Hijacker>(response).hijack();
    std::array<char, 64> buffer;
    while (const std::size_t size = connection.read(buffer, -1ms)) {
      connection.write({buffer.data(), size}, 10s);
    }
    connection.write("goodbye\n", 10s);
  }
};

// Reads a body that has to be there already.
class Controller : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const auto controller = need<berth::Controller>(response);
    controller.set_read_deadline(std::chrono::steady_clock::now());
    if (request.query_value("lifted")) controller.set_read_deadline(std::nullopt);
    controller.set_write_deadline(std::chrono::steady_clock::now() + 1h);
    response.write(request.read_all(1024));
  }
};

// Sends a part of the file of its configuration, between two words.
class FileSender : public berth::Handler {
 public:
  explicit FileSender(const berth::Config& config) : file_(config.get<std::string>("file")) {}

  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const int fd = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw std::runtime_error("cannot open the file");
    try {
      response.write("begin;");
      need<berth::FileSender>(response).send(fd, number(request, "offset"),
                                             number(request, "size"));
      response.write(";end");
    } catch (...) {
      ::close(fd);
      throw;
    }
    ::close(fd);
  }

 private:
  const std::string file_;
};

}  // namespace

BERTH_PLUGIN(berth::handler<Flusher>("flusher"), berth::handler<Hijacker>("hijacker"),
             berth::handler<Controller>("controller"), berth::handler<FileSender>("file_sender"));
