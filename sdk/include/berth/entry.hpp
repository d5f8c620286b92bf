// From the parts of a plugin to its table in abi.h; not for use by plugins but through
// BERTH_PLUGIN().
#pragma once

#include <berth/abi.h>
#include <berth/background.hpp>
#include <berth/config.hpp>
#include <berth/guard.hpp>
#include <berth/handler.hpp>
#include <berth/host.hpp>
#include <berth/middleware.hpp>
#include <berth/request.hpp>
#include <berth/response.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace berth {
namespace detail {

// The host's handle on a handler.
struct Mounted {
  berth_handler table;
  std::unique_ptr<Handler> handler;

  static std::int32_t serve(void* self, berth_request* request, berth_response* response) noexcept {
    return guard([&] {
      ResponseWriter writer(response);
      Request reader(request);
      static_cast<Mounted*>(self)->handler->serve(writer, reader);
    });
  }
  static void destroy(void* self) noexcept {
    guard([&] { std::unique_ptr<Mounted>(static_cast<Mounted*>(self)); });
  }
};

// The host's handle on a use of a middleware.
struct MountedMiddleware {
  berth_middleware table;
  std::unique_ptr<Middleware> middleware;

  static std::int32_t serve(void* self, berth_request* request, berth_response* response) noexcept {
    return guard([&] {
      ResponseWriter writer(response);
      Request reader(request);
      Next next(request, response);
      static_cast<MountedMiddleware*>(self)->middleware->serve(writer, reader, next);
    });
  }
  static void destroy(void* self) noexcept {
    guard([&] { std::unique_ptr<MountedMiddleware>(static_cast<MountedMiddleware*>(self)); });
  }
};

// The host's handle on a Filter, which it is part of; on_end() deletes it.
struct FilterTable {
  static void fill(Filter& filter, berth_request* request) noexcept {
    const bool body = filter.body_filter() != nullptr;
    filter.request_ = request;
    filter.table_ = {sizeof(berth_filter), &filter, &on_head, body ? &on_body : nullptr, &on_end};
  }
  static const berth_filter* of(const Filter& filter) noexcept { return &filter.table_; }

 private:
  static std::int32_t on_head(void* self, berth_response* response) noexcept {
    auto& filter = *static_cast<Filter*>(self);
    return guard([&] {
      ResponseWriter writer(response);
      filter.on_head(writer, Request(filter.request_));
    });
  }
  static std::int32_t on_body(void* self, berth_response* response, berth_sink* sink,
                              const void* bytes, std::size_t size) noexcept {
    return guard([&] {
      ResponseWriter writer(response);
      Sink out(sink);
      auto& filter = *static_cast<Filter*>(self);
      const Request reader(filter.request_);
      BodyFilter& body = *filter.body_filter();
      if (size == 0) {
        body.on_flush(writer, reader, out);
      } else {
        body.on_body(writer, reader, out, {static_cast<const char*>(bytes), size});
      }
    });
  }
  static std::int32_t on_end(void* self, berth_response* response, berth_sink* sink,
                             std::int32_t result) noexcept {
    const std::unique_ptr<Filter> filter(static_cast<Filter*>(self));
    std::int32_t failure = BERTH_OK;
    ResponseWriter writer(response);
    const Request reader(filter->request_);
    BodyFilter* const body = result == BERTH_OK ? filter->body_filter() : nullptr;
    if (body != nullptr) {
      failure = guard([&] {
        Sink out(sink);
        body->on_last(writer, reader, out);
      });
    }
    const bool complete = result == BERTH_OK && failure == BERTH_OK;
    const std::int32_t end = guard([&] { filter->on_end(writer, reader, complete); });
    return failure != BERTH_OK ? failure : end;
  }
};

// Not constant on purpose, as in handler.hpp: the names are what the compiler says.
inline void a_plugin_needs_a_handler_or_middleware() {}
inline void two_kinds_have_the_same_name() {}
inline void a_hook_is_given_twice() {}

constexpr bool is_kind(const Part& part) noexcept {
  return part.what == Part::What::handler || part.what == Part::What::middleware;
}

template <class... P>
consteval std::array<Part, sizeof...(P)> parts(P... all) {
  const std::array<Part, sizeof...(P)> result{all...};
  bool kinds = false;
  for (std::size_t i = 0; i < result.size(); ++i) {
    kinds = kinds || is_kind(result[i]);
    for (std::size_t j = 0; j < i; ++j) {
      if (is_kind(result[i]) && is_kind(result[j])) {
        if (std::string_view(result[i].name) == result[j].name) two_kinds_have_the_same_name();
      } else if (result[i].what == result[j].what) {
        a_hook_is_given_twice();
      }
    }
  }
  if (!kinds) a_plugin_needs_a_handler_or_middleware();
  return result;
}

// Whether `kinds`, separated by commas, are those of the parts that are a `what`; none named is
// fine.
template <std::size_t kCount>
consteval bool kinds_are(const std::array<Part, kCount>& parts, Part::What what,
                         std::string_view kinds) {
  if (kinds.empty()) return true;
  for (const Part& part : parts) {
    if (part.what != what) continue;
    const std::string_view kind = kinds.substr(0, kinds.find(','));
    if (kind != part.name) return false;
    kinds.remove_prefix(kind.size() == kinds.size() ? kind.size() : kind.size() + 1);
  }
  return kinds.empty();
}

// The functions of a plugin with these parts.
template <const auto& kParts>
class Entry {
 public:
  static constexpr berth_plugin table(const char* name, const char* version) noexcept {
    return {.size = sizeof(berth_plugin),
            .abi_major = BERTH_ABI_MAJOR,
            .abi_minor = BERTH_ABI_MINOR,
            .needs_minor = BERTH_ABI_MINOR,
            .reserved = 0,
            .name = name,
            .version = version,
            .kind = &kind,
            .make = &make,
            .make_middleware = find(Part::What::middleware) != nullptr ? &make_middleware : nullptr,
            .start = &start,
            .stop = &stop,
            .self_test = find(Part::What::self_test) != nullptr ? &self_test : nullptr,
            .drain = find(Part::What::drain) != nullptr ? &drain : nullptr};
  }

 private:
  static constexpr const Part* find(Part::What what) noexcept {
    for (const Part& part : kParts) {
      if (part.what == what) return &part;
    }
    return nullptr;
  }
  static const Part* find(Part::What what, std::string_view name) noexcept {
    for (const Part& part : kParts) {
      if (part.what == what && part.name == name) return &part;
    }
    return nullptr;
  }
  // One for each part, hooks left out; the rest has a size of 0.
  static constexpr auto kinds() noexcept {
    std::array<berth_kind, kParts.size()> result{};
    std::size_t count = 0;
    for (const Part& part : kParts) {
      if (!is_kind(part)) continue;
      const bool is_handler = part.what == Part::What::handler;
      result[count++] = {sizeof(berth_kind),
                         is_handler ? BERTH_ROLE_HANDLER : BERTH_ROLE_MIDDLEWARE, part.name};
    }
    return result;
  }

  static const berth_kind* kind(std::size_t i) noexcept {
    static constexpr auto all = kinds();
    return i < all.size() && all[i].size != 0 ? &all[i] : nullptr;
  }

  static std::int32_t make(const berth_host* table, const berth_mount* mount,
                           const berth_handler** out) noexcept {
    attach(table);
    const Part* const part = find(Part::What::handler, view(mount->kind));
    if (part == nullptr) return BERTH_E_INVALID;
    return guard_config(mount->config, [&] {
      auto made = std::make_unique<Mounted>();
      made->handler = part->make(Mount(mount));
      made->table = {sizeof(berth_handler), made.get(), &Mounted::serve, &Mounted::destroy};
      *out = &made.release()->table;
    });
  }
  static std::int32_t make_middleware(const berth_host* table, const berth_mount* mount,
                                      const berth_middleware** out) noexcept {
    attach(table);
    const Part* const part = find(Part::What::middleware, view(mount->kind));
    if (part == nullptr) return BERTH_E_INVALID;
    return guard_config(mount->config, [&] {
      auto made = std::make_unique<MountedMiddleware>();
      made->middleware = part->make_middleware(Mount(mount));
      made->table = {sizeof(berth_middleware), made.get(), &MountedMiddleware::serve,
                     &MountedMiddleware::destroy};
      *out = &made.release()->table;
    });
  }

  static std::int32_t start(const berth_host* table, const berth_config* config,
                            std::int32_t phase) noexcept {
    attach(table);
    ++life;
    const std::int32_t result = guard_config(config, [&] {
      constexpr const Part* kHook = find(Part::What::start);
      if constexpr (kHook != nullptr) kHook->start(Config(config), static_cast<Phase>(phase));
    });
    if (result != BERTH_OK) ++life;
    return result;
  }
  static void drain() noexcept {
    guard([] { find(Part::What::drain)->call(); });
  }
  static void stop() noexcept {
    ++life;
    constexpr const Part* kHook = find(Part::What::stop);
    if constexpr (kHook != nullptr) guard([] { kHook->call(); });
  }
  static std::int32_t self_test(const berth_host* table) noexcept {
    attach(table);
    return guard([] { find(Part::What::self_test)->call(); });
  }
};

}  // namespace detail

inline void Next::operator()(std::unique_ptr<Filter> filter) {
  if (filter == nullptr) return run(nullptr);
  detail::FilterTable::fill(*filter, request_);
  run(detail::FilterTable::of(*filter.release()));  // on_end() is called whatever it returns
}

}  // namespace berth
