// A client of one connection as a script, in memory: which bytes come together, how many it takes
// at a time, and how it ends. No socket but the pair that an epoll and a poll can watch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "net/stream.h"

namespace berth::fuzz {

// What the client does. The bytes outlive the stream.
struct ClientScript {
  enum class End : std::uint8_t {
    kFin,        // once the server has read all of it
    kFinAtOnce,  // right behind the last bytes
    kReset,      // once the server has read all of it
  };

  std::string_view bytes;
  // Where another piece begins, ascending and within: it is there once the one before was read, or
  // once the server was told that there is nothing more, in turns.
  std::vector<std::size_t> cuts{};
  std::size_t takes = 0;  // bytes it takes before it stops for the first time; 0: all there are
  End end = End::kFin;
};

// What the client got.
struct Transcript {
  std::string bytes;
  bool fin = false;      // the server ended its side before it closed
  bool reset = false;    // it cut the connection
  std::string broken{};  // the first rule of net::Stream that was not kept
};

// Made whole before the server has it; `on_end` is called when it is destroyed.
class ScriptedStream final : public net::Stream {
 public:
  ScriptedStream(ClientScript script, Transcript& transcript, std::function<void()> on_end);
  ~ScriptedStream() override;

  [[nodiscard]] net::IoResult read(std::span<char> buffer) noexcept override;
  [[nodiscard]] net::IoResult write(std::string_view data) noexcept override;
  [[nodiscard]] net::IoResult write(std::span<const iovec> parts) noexcept override;
  [[nodiscard]] net::IoResult send_file(int file, std::uint64_t offset,
                                        std::size_t count) noexcept override;
  void shutdown_write() noexcept override;
  void shutdown_both() noexcept override;
  void cut() noexcept override;
  void close() noexcept override;
  [[nodiscard]] int fd() const noexcept override { return server_.get(); }

 private:
  // The server's epoll hears that something has changed.
  void ring() noexcept;
  // The next bytes are here, or the end.
  void arrive() noexcept;
  void broken(const char* rule);

  ClientScript script_;
  Transcript& transcript_;
  std::function<void()> on_end_;
  base::Descriptor server_;
  base::Descriptor client_;
  std::size_t position_ = 0;   // of the next byte
  std::size_t piece_end_ = 0;  // of the bytes that are here
  std::size_t next_cut_ = 0;
  std::size_t room_ = 0;   // what the client takes before it stops
  std::size_t takes_ = 0;  // and the next time
  bool pause_ = false;     // one more read finds nothing
  bool ended_ = false;     // the end is here
  bool shut_ = false;      // by the server
};

}  // namespace berth::fuzz
