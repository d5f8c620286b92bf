// One HTTP/1 exchange's way to its connection: framing of the response, Expect, keep-alive. Waiting
// and sending are H1Output's and H1Body's.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "serve/date_cache.h"
#include "serve/h1_body.h"
#include "serve/h1_output.h"
#include "serve/transport.h"

namespace berth::serve {

class CommitWord;
class H1Connection;
class Service;

// One per worker, begun anew for each exchange.
class H1Transport final : public Transport {
 public:
  struct Setting {
    Service* service;
    sched::Worker* worker;
    H1Connection* connection;
    CommitWord* commit;
    int minor_version;
    bool keep_alive;  // as far as the client and the server's state go
    bool expect_continue;
    base::TimePoint now;
  };
  void begin(const Setting& setting) noexcept {
    setting_ = setting;
    coding_ = Coding::kNone;
    head_sent_ = continue_sent_ = aborted_ = hijacked_ = false;
    keep_alive_ = setting.keep_alive;
    output.limit(std::nullopt);
  }

  [[nodiscard]] IoResult<std::size_t> read_body(std::span<char> buffer) override;
  [[nodiscard]] const http::Fields& trailers() const noexcept override { return body.trailers(); }
  [[nodiscard]] IoStatus send_informational(int status, const http::Fields& fields) override;
  [[nodiscard]] IoStatus send_head(int status, const http::Fields& fields, BodyPlan plan) override;
  [[nodiscard]] IoStatus send_response(int status, const http::Fields& fields, bool has_date,
                                       std::string_view content) override;
  [[nodiscard]] IoStatus send_body(std::string_view bytes) override;
  [[nodiscard]] IoStatus send_file(int file, std::uint64_t offset, std::uint64_t size) override;
  [[nodiscard]] IoStatus flush() override { return output.flush(); }
  [[nodiscard]] IoStatus finish(const http::Fields& trailers) override;
  [[nodiscard]] IoStatus begin_hijack() override;
  [[nodiscard]] std::unique_ptr<Hijacked> hijack() override;
  void set_read_deadline(std::optional<base::TimePoint> deadline) noexcept override {
    body.limit(deadline);
  }
  void set_write_deadline(std::optional<base::TimePoint> deadline) noexcept override {
    output.limit(deadline);
  }
  void abort() noexcept override;
  [[nodiscard]] bool cancelled() const noexcept override;

  // After the exchange: whether the connection may carry another request, as far as the response
  // goes.
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
  // Outlives every connection.
  [[nodiscard]] Service& service() const noexcept { return *setting_.service; }
  // When the exchange began.
  [[nodiscard]] base::TimePoint began() const noexcept { return setting_.now; }
  // The response was cut: nothing more may be sent, not even what is left.
  [[nodiscard]] bool aborted() const noexcept { return aborted_; }
  // The connection is somebody else's, and maybe gone: nothing of it may be touched.
  [[nodiscard]] bool hijacked() const noexcept { return hijacked_; }
  // The body ends where the connection does: only a reset can show that it was cut.
  [[nodiscard]] bool ends_by_closing() const noexcept { return coding_ == Coding::kUntilClose; }
  [[nodiscard]] std::string_view date(base::TimePoint now) noexcept;

  H1Output output;
  H1Body body;
  DateCache dates;

 private:
  enum class Coding { kNone, kLength, kChunked, kUntilClose };

  // Whether what is left of the request's body forbids another request behind it.
  [[nodiscard]] bool body_ends_connection() const noexcept;

  // Sends a 1xx at once.
  [[nodiscard]] IoStatus inform(std::string_view head);
  // Appends the head, as coding_ and keep_alive_ say.
  void put_head(int status, const http::Fields& fields, const BodyPlan& plan);

  Setting setting_{};
  Coding coding_ = Coding::kNone;
  bool head_sent_ = false;
  bool continue_sent_ = false;
  bool keep_alive_ = false;
  bool aborted_ = false;
  bool hijacked_ = false;
};

}  // namespace berth::serve
