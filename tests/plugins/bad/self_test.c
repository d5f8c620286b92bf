/* Its self_test does what SELF_TEST names. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <berth/abi.h>

static int32_t crash(const berth_host* host) {
  (void)host;
  raise(SIGABRT);
  return BERTH_OK;
}
static int32_t leave(const berth_host* host) {
  (void)host;
  _exit(0);
}
static int32_t hang(const berth_host* host) {
  (void)host;
  for (;;) pause();
}
static int32_t refuse(const berth_host* host) {
  static const char kText[] = "the model has 3 layers, not 4";
  const berth_str text = {kText, sizeof kText - 1};
  host->log(host, BERTH_ERROR, text, NULL, 0);
  return BERTH_E_FAILED;
}

static int32_t not_root(const berth_host* host) {
  static const char kText[] = "root looks at it";
  const berth_str text = {kText, sizeof kText - 1};
  if (getuid() != 0 && geteuid() != 0 && getgid() != 0 && setuid(0) != 0) return BERTH_OK;
  host->log(host, BERTH_ERROR, text, NULL, 0);
  return BERTH_E_FAILED;
}

static int32_t serve(void* self, berth_request* request, berth_response* response) {
  (void)self;
  (void)request;
  (void)response;
  return BERTH_OK;
}
static const berth_kind* kind(size_t i) {
  static const berth_kind only = {sizeof only, BERTH_ROLE_HANDLER, "only"};
  return i == 0 ? &only : NULL;
}
static int32_t make(const berth_host* host, const berth_mount* mount, const berth_handler** out) {
  static const berth_handler handler = {sizeof handler, NULL, serve, NULL};
  (void)host;
  (void)mount;
  *out = &handler;
  return BERTH_OK;
}

__attribute__((visibility("default"))) const berth_plugin* berth_plugin_v0(void);
const berth_plugin* berth_plugin_v0(void) {
  static int32_t (*const kAll[])(const berth_host*) = {crash, leave, hang, refuse, not_root};
  static const berth_plugin plugin = {.size = sizeof plugin,
                                      .abi_major = BERTH_ABI_MAJOR,
                                      .abi_minor = BERTH_ABI_MINOR,
                                      .needs_minor = BERTH_ABI_MINOR,
                                      .name = BERTH_PLUGIN_NAME,
                                      .version = BERTH_PLUGIN_VERSION,
                                      .kind = kind,
                                      .make = make,
                                      .self_test = SELF_TEST};
  (void)kAll;
  return &plugin;
}
