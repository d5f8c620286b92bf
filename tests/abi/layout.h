/* Where every member of every table of abi.h stands, on the 64-bit platforms berth runs on.
 * Compiled as C11, C17, C++17 and C++20: a change that moves something does not compile. From 1.0
 * on lines are added here, and a size that a new member raises changes; nothing else ever does. */
#pragma once

#include <berth/abi.h>

#include <stddef.h>

#ifdef __cplusplus
#define LAYOUT_ASSERT(condition, text) static_assert(condition, text)
#else
#define LAYOUT_ASSERT(condition, text) _Static_assert(condition, text)
#endif
#define LAYOUT_SIZE(type, bytes) \
  LAYOUT_ASSERT(sizeof(type) == (bytes), "the size of " #type " changed")
#define LAYOUT_OFFSET(type, member, bytes) \
  LAYOUT_ASSERT(offsetof(type, member) == (bytes), #member " of " #type " moved")
#define LAYOUT_VALUE(name, value) LAYOUT_ASSERT((name) == (value), #name " changed")

LAYOUT_SIZE(berth_str, 16);
LAYOUT_OFFSET(berth_str, data, 0);
LAYOUT_OFFSET(berth_str, size, 8);

LAYOUT_SIZE(berth_pair, 32);
LAYOUT_OFFSET(berth_pair, key, 0);
LAYOUT_OFFSET(berth_pair, value, 16);

LAYOUT_SIZE(berth_host, 384);
LAYOUT_OFFSET(berth_host, size, 0);
LAYOUT_OFFSET(berth_host, abi_major, 4);
LAYOUT_OFFSET(berth_host, abi_minor, 6);
LAYOUT_OFFSET(berth_host, log, 8);
LAYOUT_OFFSET(berth_host, host_facet, 16);
LAYOUT_OFFSET(berth_host, config_kind, 24);
LAYOUT_OFFSET(berth_host, config_size, 32);
LAYOUT_OFFSET(berth_host, config_at, 40);
LAYOUT_OFFSET(berth_host, config_key_at, 48);
LAYOUT_OFFSET(berth_host, config_get, 56);
LAYOUT_OFFSET(berth_host, config_text, 64);
LAYOUT_OFFSET(berth_host, config_position, 72);
LAYOUT_OFFSET(berth_host, config_fail, 80);
LAYOUT_OFFSET(berth_host, req_method, 88);
LAYOUT_OFFSET(berth_host, req_target, 96);
LAYOUT_OFFSET(berth_host, req_path, 104);
LAYOUT_OFFSET(berth_host, req_query, 112);
LAYOUT_OFFSET(berth_host, req_protocol, 120);
LAYOUT_OFFSET(berth_host, req_scheme, 128);
LAYOUT_OFFSET(berth_host, req_host, 136);
LAYOUT_OFFSET(berth_host, req_remote, 144);
LAYOUT_OFFSET(berth_host, req_local, 152);
LAYOUT_OFFSET(berth_host, req_listener, 160);
LAYOUT_OFFSET(berth_host, req_pattern, 168);
LAYOUT_OFFSET(berth_host, req_query_value, 176);
LAYOUT_OFFSET(berth_host, req_query_at, 184);
LAYOUT_OFFSET(berth_host, req_path_value, 192);
LAYOUT_OFFSET(berth_host, req_header, 200);
LAYOUT_OFFSET(berth_host, req_header_at, 208);
LAYOUT_OFFSET(berth_host, req_trailer, 216);
LAYOUT_OFFSET(berth_host, req_trailer_at, 224);
LAYOUT_OFFSET(berth_host, req_content_length, 232);
LAYOUT_OFFSET(berth_host, req_read, 240);
LAYOUT_OFFSET(berth_host, req_cancelled, 248);
LAYOUT_OFFSET(berth_host, req_deadline, 256);
LAYOUT_OFFSET(berth_host, req_facet, 264);
LAYOUT_OFFSET(berth_host, req_retain, 272);
LAYOUT_OFFSET(berth_host, req_release, 280);
LAYOUT_OFFSET(berth_host, resp_header_set, 288);
LAYOUT_OFFSET(berth_host, resp_header_add, 296);
LAYOUT_OFFSET(berth_host, resp_header_remove, 304);
LAYOUT_OFFSET(berth_host, resp_header_get, 312);
LAYOUT_OFFSET(berth_host, resp_status, 320);
LAYOUT_OFFSET(berth_host, resp_status_get, 328);
LAYOUT_OFFSET(berth_host, resp_write, 336);
LAYOUT_OFFSET(berth_host, resp_trailer_declare, 344);
LAYOUT_OFFSET(berth_host, resp_trailer_add, 352);
LAYOUT_OFFSET(berth_host, resp_facet, 360);
LAYOUT_OFFSET(berth_host, next, 368);
LAYOUT_OFFSET(berth_host, filter_pass, 376);

LAYOUT_SIZE(berth_flusher, 16);
LAYOUT_OFFSET(berth_flusher, size, 0);
LAYOUT_OFFSET(berth_flusher, flush, 8);

LAYOUT_SIZE(berth_hijacker, 48);
LAYOUT_OFFSET(berth_hijacker, size, 0);
LAYOUT_OFFSET(berth_hijacker, hijack, 8);
LAYOUT_OFFSET(berth_hijacker, read, 16);
LAYOUT_OFFSET(berth_hijacker, write, 24);
LAYOUT_OFFSET(berth_hijacker, close, 32);
LAYOUT_OFFSET(berth_hijacker, draining, 40);

LAYOUT_SIZE(berth_controller, 32);
LAYOUT_OFFSET(berth_controller, size, 0);
LAYOUT_OFFSET(berth_controller, set_read_deadline, 8);
LAYOUT_OFFSET(berth_controller, set_write_deadline, 16);
LAYOUT_OFFSET(berth_controller, enable_full_duplex, 24);

LAYOUT_SIZE(berth_file_sender, 16);
LAYOUT_OFFSET(berth_file_sender, size, 0);
LAYOUT_OFFSET(berth_file_sender, send_file, 8);

LAYOUT_SIZE(berth_peer, 16);
LAYOUT_OFFSET(berth_peer, size, 0);
LAYOUT_OFFSET(berth_peer, address, 8);

LAYOUT_SIZE(berth_tasks, 48);
LAYOUT_OFFSET(berth_tasks, size, 0);
LAYOUT_OFFSET(berth_tasks, run, 8);
LAYOUT_OFFSET(berth_tasks, stopping, 16);
LAYOUT_OFFSET(berth_tasks, wait, 24);
LAYOUT_OFFSET(berth_tasks, wake, 32);
LAYOUT_OFFSET(berth_tasks, end, 40);

LAYOUT_SIZE(berth_timers, 24);
LAYOUT_OFFSET(berth_timers, size, 0);
LAYOUT_OFFSET(berth_timers, set, 8);
LAYOUT_OFFSET(berth_timers, cancel, 16);

LAYOUT_SIZE(berth_handler, 32);
LAYOUT_OFFSET(berth_handler, size, 0);
LAYOUT_OFFSET(berth_handler, self, 8);
LAYOUT_OFFSET(berth_handler, serve, 16);
LAYOUT_OFFSET(berth_handler, destroy, 24);

LAYOUT_SIZE(berth_filter, 40);
LAYOUT_OFFSET(berth_filter, size, 0);
LAYOUT_OFFSET(berth_filter, self, 8);
LAYOUT_OFFSET(berth_filter, on_head, 16);
LAYOUT_OFFSET(berth_filter, on_body, 24);
LAYOUT_OFFSET(berth_filter, on_end, 32);

LAYOUT_SIZE(berth_middleware, 32);
LAYOUT_OFFSET(berth_middleware, size, 0);
LAYOUT_OFFSET(berth_middleware, self, 8);
LAYOUT_OFFSET(berth_middleware, serve, 16);
LAYOUT_OFFSET(berth_middleware, destroy, 24);

LAYOUT_SIZE(berth_kind, 16);
LAYOUT_OFFSET(berth_kind, size, 0);
LAYOUT_OFFSET(berth_kind, role, 4);
LAYOUT_OFFSET(berth_kind, name, 8);

LAYOUT_SIZE(berth_mount, 56);
LAYOUT_OFFSET(berth_mount, size, 0);
LAYOUT_OFFSET(berth_mount, kind, 8);
LAYOUT_OFFSET(berth_mount, pattern, 24);
LAYOUT_OFFSET(berth_mount, plugin_config, 40);
LAYOUT_OFFSET(berth_mount, config, 48);

LAYOUT_SIZE(berth_plugin, 88);
LAYOUT_OFFSET(berth_plugin, size, 0);
LAYOUT_OFFSET(berth_plugin, abi_major, 4);
LAYOUT_OFFSET(berth_plugin, abi_minor, 6);
LAYOUT_OFFSET(berth_plugin, needs_minor, 8);
LAYOUT_OFFSET(berth_plugin, reserved, 10);
LAYOUT_OFFSET(berth_plugin, name, 16);
LAYOUT_OFFSET(berth_plugin, version, 24);
LAYOUT_OFFSET(berth_plugin, kind, 32);
LAYOUT_OFFSET(berth_plugin, make, 40);
LAYOUT_OFFSET(berth_plugin, make_middleware, 48);
LAYOUT_OFFSET(berth_plugin, start, 56);
LAYOUT_OFFSET(berth_plugin, stop, 64);
LAYOUT_OFFSET(berth_plugin, self_test, 72);
LAYOUT_OFFSET(berth_plugin, drain, 80);

LAYOUT_VALUE(BERTH_OK, 0);
LAYOUT_VALUE(BERTH_DEFERRED, 1);
LAYOUT_VALUE(BERTH_E_INVALID, -1);
LAYOUT_VALUE(BERTH_E_CLOSED, -2);
LAYOUT_VALUE(BERTH_E_TIMEOUT, -3);
LAYOUT_VALUE(BERTH_E_STATE, -4);
LAYOUT_VALUE(BERTH_E_TOO_LARGE, -5);
LAYOUT_VALUE(BERTH_E_FAILED, -6);

LAYOUT_VALUE(BERTH_DEBUG, 0);
LAYOUT_VALUE(BERTH_INFO, 1);
LAYOUT_VALUE(BERTH_WARN, 2);
LAYOUT_VALUE(BERTH_ERROR, 3);

LAYOUT_VALUE(BERTH_CONFIG_ABSENT, 0);
LAYOUT_VALUE(BERTH_CONFIG_SCALAR, 1);
LAYOUT_VALUE(BERTH_CONFIG_LIST, 2);
LAYOUT_VALUE(BERTH_CONFIG_MAP, 3);

LAYOUT_VALUE(BERTH_ROLE_HANDLER, 0);
LAYOUT_VALUE(BERTH_ROLE_MIDDLEWARE, 1);

LAYOUT_VALUE(BERTH_START_FIRST, 0);
LAYOUT_VALUE(BERTH_START_RELOAD, 1);
LAYOUT_VALUE(BERTH_START_TAKEOVER, 2);
