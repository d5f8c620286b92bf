/* The peer with libh2o's own event loop: handlers in C, compiled in. Argument: the port. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* libh2o is also made with libuv; this is the build with its own loop. */
#define H2O_USE_LIBUV 0
#include <h2o.h>
#include <h2o/http1.h>

static h2o_globalconf_t config;
static h2o_context_t context;
static h2o_accept_ctx_t accept_context;
static char big[1 << 20];

static int answer(h2o_req_t* request, h2o_iovec_t body) {
  static h2o_generator_t generator = {NULL, NULL};
  request->res.status = 200;
  request->res.reason = "OK";
  request->res.content_length = body.len;
  h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                 H2O_STRLIT("text/plain"));
  h2o_start_response(request, &generator);
  h2o_send(request, &body, 1, H2O_SEND_STATE_FINAL);
  return 0;
}

static int serve_hello(h2o_handler_t* handler, h2o_req_t* request) {
  (void)handler;
  return answer(request, h2o_iovec_init(H2O_STRLIT("hello, world\n")));
}

static int serve_big(h2o_handler_t* handler, h2o_req_t* request) {
  (void)handler;
  return answer(request, h2o_iovec_init(big, sizeof big));
}

static int serve_echo(h2o_handler_t* handler, h2o_req_t* request) {
  (void)handler;
  return answer(request, request->entity);
}

static void on_accept(h2o_socket_t* listener, const char* error) {
  if (error != NULL) return;
  for (int i = 0; i < 64; i++) {
    h2o_socket_t* socket = h2o_evloop_socket_accept(listener);
    if (socket == NULL) return;
    h2o_accept(&accept_context, socket);
  }
}

static void add_route(h2o_hostconf_t* host, const char* path,
                      int (*serve)(h2o_handler_t*, h2o_req_t*)) {
  h2o_handler_t* handler =
      h2o_create_handler(h2o_config_register_path(host, path, 0), sizeof *handler);
  handler->on_req = serve;
}

static int listen_on(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0 || listen(fd, SOMAXCONN) != 0) {
    perror("bench_h2o");
    exit(1);
  }
  return fd;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  h2o_config_init(&config);
  config.http1.req_timeout = 3600 * 1000; /* idle connections stay */
  h2o_hostconf_t* host =
      h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
  add_route(host, "/hello", serve_hello);
  add_route(host, "/echo", serve_echo);
  add_route(host, "/big", serve_big);
  h2o_context_init(&context, h2o_evloop_create(), &config);
  accept_context.ctx = &context;
  accept_context.hosts = config.hosts;
  h2o_socket_t* listener =
      h2o_evloop_socket_create(context.loop, listen_on(atoi(argv[1])), H2O_SOCKET_FLAG_DONT_READ);
  h2o_socket_read_start(listener, on_accept);
  while (h2o_evloop_run(context.loop, INT32_MAX) == 0) {
  }
  return 1;
}
