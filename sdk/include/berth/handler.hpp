// What a plugin is made of: handlers and middleware, what they are made from, and hooks; not how it
// is exported (plugin.hpp).
#pragma once

#include <berth/abi.h>
#include <berth/config.hpp>
#include <berth/middleware.hpp>
#include <berth/request.hpp>
#include <berth/response.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>

namespace berth {

// One per mounted route and configuration; owned by the host.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // Answers one request; runs on many threads at once, so members are const or locked. Returning
  // ends the response: 200 if no status was given. A throw is logged with the route, and is a 500,
  // or a cut connection once the head is committed. It may block.
  virtual void serve(ResponseWriter& response, Request& request) = 0;
};

// What a handler or middleware is made from, within its constructor. A constructor has no effect
// outside its own memory: it also runs when a configuration is only validated. Threads, pools and
// ports are for on_start().
class Mount {
 public:
  explicit Mount(const berth_mount* mount) : mount_(mount) {}
  // `config:` of the route and of the plugin; empty maps where the file has none.
  [[nodiscard]] Config config() const { return Config(mount_->config); }
  [[nodiscard]] Config plugin_config() const { return Config(mount_->plugin_config); }
  // Views until the constructor returns.
  [[nodiscard]] std::string_view pattern() const noexcept { return detail::view(mount_->pattern); }
  [[nodiscard]] std::string_view kind() const noexcept { return detail::view(mount_->kind); }

 private:
  const berth_mount* mount_;
};

// Why a plugin starts; see berth_phase.
enum class Phase : std::int32_t {
  first = BERTH_START_FIRST,
  reload = BERTH_START_RELOAD,
  takeover = BERTH_START_TAKEOVER
};

// What BERTH_PLUGIN() takes: made by handler(), middleware(), on_start(), on_drain(), on_stop() and
// on_self_test() below.
struct Part {
  enum class What { handler, middleware, start, drain, stop, self_test };
  What what;
  const char* name = nullptr;
  std::unique_ptr<Handler> (*make)(const Mount&) = nullptr;
  std::unique_ptr<Middleware> (*make_middleware)(const Mount&) = nullptr;
  void (*start)(const Config&, Phase) = nullptr;
  void (*call)() = nullptr;
};

// Not constant, so that a consteval function that reaches it does not compile: the compiler's
// message then shows the name.
inline void a_kind_is_lower_case_letters_digits_and_underscores() {}

namespace detail {

consteval const char* checked_kind(const char* name) {
  const std::string_view text = name;
  bool valid = !text.empty() && text.front() >= 'a' && text.front() <= 'z';
  for (const char c : text) {
    valid = valid && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  }
  if (!valid) a_kind_is_lower_case_letters_digits_and_underscores();
  return name;
}

template <class T, class Base>
std::unique_ptr<Base> make(const Mount& mount) {
  if constexpr (std::is_constructible_v<T, const Mount&>) {
    return std::make_unique<T>(mount);
  } else if constexpr (std::is_constructible_v<T, const Config&>) {
    return std::make_unique<T>(mount.config());
  } else {
    static_assert(std::is_default_constructible_v<T>,
                  "a handler or middleware is made from const Mount&, const Config& or nothing");
    return std::make_unique<T>();
  }
}

}  // namespace detail

// A kind of handler: `handler: plugin.name` in a route. T is made from const Mount&, from
// const Config& (the route's), or from nothing, whichever it can.
template <std::derived_from<Handler> T>
consteval Part handler(const char* name) {
  static_assert(!std::is_abstract_v<T>, "a handler overrides serve(ResponseWriter&, Request&)");
  return {.what = Part::What::handler,
          .name = detail::checked_kind(name),
          .make = &detail::make<T, Handler>};
}

// A kind of middleware: `with: [plugin.name]` in a route. T is made as a handler is; its Config is
// that of its use in `with:`.
template <std::derived_from<Middleware> T>
consteval Part middleware(const char* name) {
  static_assert(!std::is_abstract_v<T>,
                "a middleware overrides serve(ResponseWriter&, Request&, Next&)");
  return {.what = Part::What::middleware,
          .name = detail::checked_kind(name),
          .make_middleware = &detail::make<T, Middleware>};
}

// Runs once in an image about to serve, with the plugin's configuration: pools, ports, background()
// and every(). A throw keeps the image from serving. Phase::reload and takeover say that an older
// image, or one in another process, still is started, and may be for minutes: what only one can own
// is taken lazily and retried.
consteval Part on_start(void (*start)(const Config& plugin_config, Phase phase)) {
  return {.what = Part::What::start, .start = start};
}
// The image will be replaced or the server stops. Requests go on for a while, so all that serves
// them stays; what would last for long (streams, hijacked connections) is brought to its end.
consteval Part on_drain(void (*drain)()) { return {.what = Part::What::drain, .call = drain}; }
// Undoes on_start(), after the last serve(), the last task and the last timer. Leaves no thread.
consteval Part on_stop(void (*stop)()) { return {.what = Part::What::stop, .call = stop}; }
// Throws if what was made is not fit to serve; no effect outside its own memory.
consteval Part on_self_test(void (*test)()) {
  return {.what = Part::What::self_test, .call = test};
}

}  // namespace berth
