// What stands around the handlers of routes that name it in `with:`, and what it sees of their
// answers; not wrapped writers, so that a handler keeps the powers of its connection.
//
//   struct Gate : berth::Middleware {
//     void serve(berth::ResponseWriter& response, berth::Request& request, berth::Next& next)
//     override {
//       if (request.header("Authorization") != "Bearer let-me-in") return response.status(401);
//       next();
//     }
//   };
//   BERTH_PLUGIN(berth::middleware<Gate>("gate"));
#pragma once

#include <berth/abi.h>
#include <berth/host.hpp>
#include <berth/request.hpp>
#include <berth/response.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace berth {

class BodyFilter;
class Next;

namespace detail {
struct FilterTable;
}

// Where a filter's bytes go: outward, to the next filter or the connection.
class Sink {
 public:
  explicit Sink(berth_sink* sink) noexcept : sink_(sink) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  // All of it, or Error; may wait for the client. Dropped where there is no content to send
  // (204, 205, 304).
  void pass(std::string_view bytes) {
    detail::check(detail::host->filter_pass(sink_, bytes.data(), bytes.size()), "pass");
  }

 private:
  berth_sink* sink_;
};

// What a middleware sees of the answer, one request long: made for next(), deleted behind on_end().
// Used by the thread inside serve() only. A throw ends the response as one of serve() does. In here
// response.write() and flush() are refused.
//
// It outlives the serve() that made it: short answers come by once all of the chain has returned.
// So it keeps values, and no reference to that serve()'s ResponseWriter, Request, Next or locals;
// each function gets its own. Members of the middleware stay.
class Filter {
 public:
  Filter() noexcept = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  virtual ~Filter() = default;

  // Once at most, before the head is sent: response.status() is final, fields and trailers may
  // still change. Error replies of the host pass by here too, unless a head has. Not at all where
  // the connection is taken over.
  virtual void on_head(ResponseWriter& response, const Request& request) {
    static_cast<void>(response);
    static_cast<void>(request);
  }
  // Once, and last. complete: the whole answer has come by and gone on; filters further out and the
  // connection may still fail. Else it was cut, taken over (it is called within hijack() then), or
  // somebody else answered.
  virtual void on_end(ResponseWriter& response, const Request& request, bool complete) {
    static_cast<void>(response);
    static_cast<void>(request);
    static_cast<void>(complete);
  }

 private:
  friend class Next;
  friend struct detail::FilterTable;
  virtual BodyFilter* body_filter() noexcept { return nullptr; }
  berth_filter table_{};
  berth_request* request_ = nullptr;
};

// One that changes the body. The length is then unknown: a Content-Length of those behind is
// dropped after on_head(), unless that sets one.
class BodyFilter : public Filter {
 public:
  // A piece of the body, never empty: pass on what shall be sent now.
  virtual void on_body(ResponseWriter& response, const Request& request, Sink& out,
                       std::string_view bytes) = 0;
  // The handler flushed: pass on what was held back.
  virtual void on_flush(ResponseWriter& response, const Request& request, Sink& out) {
    static_cast<void>(response);
    static_cast<void>(request);
    static_cast<void>(out);
  }
  // The body is complete: pass on the rest. Before on_end(), and not at all if it was cut.
  virtual void on_last(ResponseWriter& response, const Request& request, Sink& out) {
    static_cast<void>(response);
    static_cast<void>(request);
    static_cast<void>(out);
  }

 private:
  BodyFilter* body_filter() noexcept final { return this; }
};

namespace detail {

// The rest of the chain failed, which is in the log already where it belongs there.
class NextFailed : public Error {
 public:
  explicit NextFailed(std::int32_t code) : Error(code, "next") {}
};

}  // namespace detail

// The rest of the chain: the next middleware, at last the handler. Called once, or not at all.
class Next {
 public:
  Next(berth_request* request, berth_response* response) noexcept
      : request_(request), response_(response) {}
  Next(const Next&) = delete;
  Next& operator=(const Next&) = delete;

  // Returns when the rest has answered. Throws Error if it failed; let it through, or answer in its
  // stead while response.committed() is false: all that was set and written is forgotten then, this
  // middleware's own too. If it is true the client gets an error or a cut response either way.
  void operator()() { run(nullptr); }
  // The same with a filter around it. Error with E_STATE: a status is committed already.
  void operator()(std::unique_ptr<Filter> filter);

 private:
  void run(const berth_filter* filter) {
    const std::int32_t result = detail::host->next(request_, response_, filter);
    if (result != BERTH_OK) throw detail::NextFailed(result);
  }
  berth_request* request_;
  berth_response* response_;
};

// One per configuration in a route's `with:`; owned by the host.
class Middleware {
 public:
  Middleware() = default;
  Middleware(const Middleware&) = delete;
  Middleware& operator=(const Middleware&) = delete;
  virtual ~Middleware() = default;

  // Sees the request first, and calls next() or answers by itself; runs on many threads at once, as
  // a handler's serve(). The three references end with it, sooner than a filter that was handed to
  // next().
  virtual void serve(ResponseWriter& response, Request& request, Next& next) = 0;
};

}  // namespace berth
