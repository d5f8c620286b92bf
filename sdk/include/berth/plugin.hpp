// The C++20 face of berth/abi.h, whole: include this, derive from berth::Handler, and end one file
// with BERTH_PLUGIN(). Header-only; no C++ object and no exception crosses to the host.
//
//   #include <berth/plugin.hpp>
//   struct Hello : berth::Handler {
//     void serve(berth::ResponseWriter& response, berth::Request&) override {
//       response.write("hello, world\n");
//     }
//   };
//   BERTH_PLUGIN(berth::handler<Hello>("hello"));
#pragma once

#include <berth/abi.h>
#include <berth/background.hpp>
#include <berth/byte_ranges.hpp>
#include <berth/config.hpp>
#include <berth/config_value.hpp>
#include <berth/content_coding.hpp>
#include <berth/descriptor.hpp>
#include <berth/entry.hpp>
#include <berth/error_reply.hpp>
#include <berth/handler.hpp>
#include <berth/host.hpp>
#include <berth/http_date.hpp>
#include <berth/log.hpp>
#include <berth/max_body.hpp>
#include <berth/media_type.hpp>
#include <berth/middleware.hpp>
#include <berth/preconditions.hpp>
#include <berth/query.hpp>
#include <berth/redirect.hpp>
#include <berth/request.hpp>
#include <berth/response.hpp>
#include <berth/serve_content.hpp>
#include <berth/serve_file.hpp>
#include <berth/strip_prefix.hpp>

#if defined(BERTH_PLUGIN_NAME) && defined(BERTH_PLUGIN_VERSION)

#ifdef BERTH_PLUGIN_KINDS
#define BERTH_DETAIL_KINDS BERTH_PLUGIN_KINDS
#else
#define BERTH_DETAIL_KINDS ""
#endif
#ifdef BERTH_PLUGIN_MIDDLEWARE
#define BERTH_DETAIL_MIDDLEWARE BERTH_PLUGIN_MIDDLEWARE
#else
#define BERTH_DETAIL_MIDDLEWARE ""
#endif

// Exactly once in a plugin, outside every namespace: the kinds it has, and its hooks if any.
//   BERTH_PLUGIN(berth::handler<Body>("body"), berth::middleware<Gate>("gate"),
//                berth::on_start(open_pool), berth::on_drain(end_streams),
//                berth::on_stop(close_pool));
// Name, version and kinds of the note come from berth_add_plugin() as the macros BERTH_PLUGIN_*.
#define BERTH_PLUGIN(...)                                                                        \
  namespace {                                                                                    \
  constexpr auto berth_plugin_parts = ::berth::detail::parts(__VA_ARGS__);                       \
  }                                                                                              \
  static_assert(::berth::detail::kinds_are(berth_plugin_parts, ::berth::Part::What::handler,     \
                                           BERTH_DETAIL_KINDS),                                  \
                "KINDS of berth_add_plugin() are not the handlers of BERTH_PLUGIN(), in its "    \
                "order");                                                                        \
  static_assert(::berth::detail::kinds_are(berth_plugin_parts, ::berth::Part::What::middleware,  \
                                           BERTH_DETAIL_MIDDLEWARE),                             \
                "MIDDLEWARE of berth_add_plugin() is not that of BERTH_PLUGIN(), in its order"); \
  extern "C" __attribute__((visibility("default"))) const berth_plugin* berth_plugin_v0(void);   \
  const berth_plugin* berth_plugin_v0(void) {                                                    \
    static constexpr berth_plugin table = ::berth::detail::Entry<berth_plugin_parts>::table(     \
        BERTH_PLUGIN_NAME, BERTH_PLUGIN_VERSION);                                                \
    return &table;                                                                               \
  }                                                                                              \
  static_assert(true)

#else
#define BERTH_PLUGIN(...)       \
  static_assert(sizeof("") > 1, \
                "define BERTH_PLUGIN_NAME and BERTH_PLUGIN_VERSION, or use berth_add_plugin()")
#endif
