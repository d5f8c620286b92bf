/* The least that is a plugin, for those that are wrong in one place only: the macros say where. */
#pragma once

#include <berth/abi.h>

#ifndef TEST_ENTRY
#define TEST_ENTRY berth_plugin_v0
#endif
#ifndef TEST_NAME
#define TEST_NAME BERTH_PLUGIN_NAME
#endif
#ifndef TEST_SIZE
#define TEST_SIZE sizeof(berth_plugin)
#endif

static int32_t minimal_serve(void* self, berth_request* request, berth_response* response) {
  (void)self;
  (void)request;
  (void)response;
  return BERTH_OK;
}

static const berth_kind* minimal_kind(size_t i) {
  static const berth_kind only = {sizeof only, BERTH_ROLE_HANDLER, "only"};
  return i == 0 ? &only : NULL;
}

static int32_t minimal_make(const berth_host* host, const berth_mount* mount,
                            const berth_handler** out) {
  static const berth_handler handler = {sizeof handler, NULL, minimal_serve, NULL};
  (void)host;
  (void)mount;
  *out = &handler;
  return BERTH_OK;
}

__attribute__((visibility("default"))) const berth_plugin* TEST_ENTRY(void);
const berth_plugin* TEST_ENTRY(void) {
  static const berth_plugin plugin = {.size = TEST_SIZE,
                                      .abi_major = BERTH_ABI_MAJOR,
                                      .abi_minor = BERTH_ABI_MINOR,
                                      .needs_minor = BERTH_ABI_MINOR,
                                      .name = TEST_NAME,
                                      .version = "1.0.0",
                                      .kind = minimal_kind,
                                      .make = minimal_make};
  return &plugin;
}
