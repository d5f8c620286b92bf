/* A plugin in plain C: what the contract asks for without the C++ face. One handler, "hello", that
 * greets, and refuses a configuration without a greeting. */
#include <berth/abi.h>

#include <stdlib.h>
#include <string.h>

struct hello {
  berth_handler table; /* what the host sees; freed with the rest by destroy() */
  const berth_host* host;
  size_t size;
  char greeting[64];
};

static berth_str str(const char* text) {
  const berth_str result = {text, strlen(text)};
  return result;
}

static int32_t hello_serve(void* self, berth_request* request, berth_response* response) {
  const struct hello* hello = self;
  const berth_host* host = hello->host;
  const berth_str name = host->req_path_value(request, str("name"));
  int32_t result =
      host->resp_header_set(response, str("Content-Type"), str("text/plain; charset=utf-8"));
  if (result < 0) return result;
  int64_t written = host->resp_write(response, hello->greeting, hello->size);
  if (written < 0) return (int32_t)written;
  written = host->resp_write(response, name.data != NULL ? name.data : "C",
                             name.data != NULL ? name.size : 1);
  return written < 0 ? (int32_t)written : BERTH_OK;
}

static void hello_destroy(void* self) { free(self); }

static const berth_kind* kind(size_t i) {
  static const berth_kind hello = {sizeof hello, BERTH_ROLE_HANDLER, "hello"};
  return i == 0 ? &hello : NULL;
}

static int32_t make(const berth_host* host, const berth_mount* mount, const berth_handler** out) {
  if (mount->kind.size != 5 || memcmp(mount->kind.data, "hello", 5) != 0) return BERTH_E_INVALID;
  const berth_config* node = host->config_get(mount->config, str("greeting"));
  const berth_str greeting = host->config_text(node);
  if (host->config_kind(node) == BERTH_CONFIG_ABSENT) {
    return host->config_fail(mount->config, str("greeting: missing; expected a string"));
  }
  if (greeting.size >= sizeof((struct hello*)NULL)->greeting) {
    return host->config_fail(node, str("greeting: longer than 63 bytes"));
  }
  struct hello* hello = calloc(1, sizeof *hello);
  if (hello == NULL) return BERTH_E_FAILED;
  hello->table.size = sizeof hello->table;
  hello->table.self = hello;
  hello->table.serve = hello_serve;
  hello->table.destroy = hello_destroy;
  hello->host = host;
  hello->size = greeting.size;
  memcpy(hello->greeting, greeting.data, greeting.size);
  *out = &hello->table;
  return BERTH_OK;
}

__attribute__((visibility("default"))) const berth_plugin* berth_plugin_v0(void);
const berth_plugin* berth_plugin_v0(void) {
  static const berth_plugin plugin = {.size = sizeof plugin,
                                      .abi_major = BERTH_ABI_MAJOR,
                                      .abi_minor = BERTH_ABI_MINOR,
                                      .needs_minor = BERTH_ABI_MINOR,
                                      .name = BERTH_PLUGIN_NAME,
                                      .version = BERTH_PLUGIN_VERSION,
                                      .kind = kind,
                                      .make = make};
  return &plugin;
}
