/* The peer with Kore: page handlers in a .so that kore loads. */
#include <kore/kore.h>

#include <kore/http.h>
#include <time.h>

int serve_hello(struct http_request* request);
int serve_echo(struct http_request* request);
int serve_big(struct http_request* request);

static char big[1 << 20];

static int answer(struct http_request* request, const void* body, size_t size) {
  http_response_header(request, "content-type", "text/plain");
  http_response(request, 200, body, size);
  return KORE_RESULT_OK;
}

int serve_hello(struct http_request* request) { return answer(request, "hello, world\n", 13); }

int serve_big(struct http_request* request) { return answer(request, big, sizeof big); }

int serve_echo(struct http_request* request) {
  static char body[65536];
  size_t size = 0;
  while (size < sizeof body) {
    ssize_t got = http_body_read(request, body + size, sizeof body - size);
    if (got <= 0) break;
    size += (size_t)got;
  }
  return answer(request, body, size);
}
