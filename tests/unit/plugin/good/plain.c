/* A plugin in plain C that does what its configuration says, and logs every step of its life. */
#include <berth/abi.h>

#include <stdlib.h>
#include <string.h>

static const berth_host* host;
static int32_t start_result;

static berth_str str(const char* text) {
  berth_str result = {text, strlen(text)};
  return result;
}

static void say(const char* text) {
  if (host != NULL) host->log(host, BERTH_INFO, str(text), NULL, 0);
}

static int equal(berth_str a, const char* b) {
  return a.size == strlen(b) && memcmp(a.data, b, a.size) == 0;
}

struct instance {
  berth_handler table;
  int32_t result;
  char text[64];
};

/* What the configuration says at a key, as a number; 0 where it says nothing. */
static int32_t number_at(const berth_config* config, const char* key) {
  const berth_str text = host->config_text(host->config_get(config, str(key)));
  char digits[16] = "";
  if (text.size > 0 && text.size < sizeof digits) memcpy(digits, text.data, text.size);
  return (int32_t)atoi(digits);
}

/* Kind "result": writes `text` and returns `result`. */
static int32_t serve_result(void* self, berth_request* request, berth_response* response) {
  const struct instance* mine = self;
  const size_t size = strlen(mine->text);
  (void)request;
  if (size > 0 && host->resp_write(response, mine->text, size) < 0) return BERTH_E_FAILED;
  return mine->result;
}

static void write_pair(berth_response* response, const char* name, berth_str value) {
  host->resp_write(response, name, strlen(name));
  host->resp_write(response, "=", 1);
  host->resp_write(response, value.data, value.size);
  host->resp_write(response, "\n", 1);
}

/* Kind "request": everything there is to ask of a request. */
static int32_t serve_request(void* self, berth_request* request, berth_response* response) {
  char body[64];
  int64_t count;
  (void)self;
  host->resp_header_set(response, str("Content-Type"), str("text/plain"));
  write_pair(response, "method", host->req_method(request));
  write_pair(response, "target", host->req_target(request));
  write_pair(response, "path", host->req_path(request));
  write_pair(response, "query", host->req_query(request));
  write_pair(response, "protocol", host->req_protocol(request));
  write_pair(response, "scheme", host->req_scheme(request));
  write_pair(response, "host", host->req_host(request));
  write_pair(response, "remote", host->req_remote(request));
  write_pair(response, "local", host->req_local(request));
  write_pair(response, "listener", host->req_listener(request));
  write_pair(response, "pattern", host->req_pattern(request));
  write_pair(response, "q", host->req_query_value(request, str("q")));
  write_pair(response, "name", host->req_path_value(request, str("name")));
  write_pair(response, "accept", host->req_header(request, str("ACCEPT")));
  while ((count = host->req_read(request, body, sizeof body)) > 0) {
    berth_str piece = {body, (size_t)count};
    write_pair(response, "body", piece);
  }
  return count < 0 ? (int32_t)count : BERTH_OK;
}

/* Kind "loud": a line with pairs. */
static int32_t serve_loud(void* self, berth_request* request, berth_response* response) {
  const berth_pair pairs[2] = {{str("first"), str("1")}, {str("second"), str("2")}};
  (void)self;
  (void)request;
  (void)response;
  host->log(host, BERTH_WARN, str("loud"), pairs, 2);
  return BERTH_OK;
}

static void destroy(void* self) {
  say("destroy");
  free(self);
}

static int32_t make(const berth_host* table, const berth_mount* mount, const berth_handler** out) {
  struct instance* made;
  const berth_config* refuse;
  berth_str text;
  host = table;
  say("make");
  refuse = host->config_get(mount->config, str("refuse"));
  if (refuse != NULL) {
    host->config_fail(refuse, str("this is refused"));
    return host->config_fail(mount->config, str("a key is missing"));
  }
  if (host->config_get(mount->config, str("log_and_fail")) != NULL) {
    host->log(host, BERTH_ERROR, str("out of luck"), NULL, 0);
    return BERTH_E_FAILED;
  }
  if (host->config_get(mount->config, str("no_table")) != NULL) return BERTH_OK;
  made = calloc(1, sizeof *made);
  if (made == NULL) return BERTH_E_FAILED;
  made->table.size = sizeof made->table;
  made->table.self = made;
  made->table.destroy = destroy;
  made->table.serve = equal(mount->kind, "request") ? serve_request
                      : equal(mount->kind, "loud")  ? serve_loud
                                                    : serve_result;
  made->result = number_at(mount->config, "result");
  text = host->config_text(host->config_get(mount->config, str("text")));
  if (text.size < sizeof made->text) memcpy(made->text, text.data, text.size);
  *out = &made->table;
  return BERTH_OK;
}

static int32_t start(const berth_host* table, const berth_config* config, int32_t phase) {
  host = table;
  say(phase == BERTH_START_FIRST ? "start first" : "start again");
  start_result = number_at(config, "start");
  return start_result;
}

static void drain(void) { say("drain"); }

static void stop(void) { say("stop"); }

static int32_t self_test(const berth_host* table) {
  host = table;
  say("self_test");
  return BERTH_OK;
}

static const berth_kind* kind(size_t i) {
  static const berth_kind kinds[] = {{sizeof(berth_kind), BERTH_ROLE_HANDLER, "result"},
                                     {sizeof(berth_kind), BERTH_ROLE_HANDLER, "request"},
                                     {sizeof(berth_kind), BERTH_ROLE_HANDLER, "loud"}};
  return i < sizeof kinds / sizeof kinds[0] ? &kinds[i] : NULL;
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
                                      .make = make,
                                      .start = start,
                                      .stop = stop,
                                      .self_test = self_test,
                                      .drain = drain};
  return &plugin;
}
