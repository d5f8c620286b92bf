/* The optional powers of a request, a response and the host, which req_facet(), resp_facet() and
 * host_facet() of abi.h hand out by name; a part of that header, and by the same rules: C11, tables
 * that begin with their size and only grow. */
#ifndef BERTH_ABI_FACETS_H
#define BERTH_ABI_FACETS_H
#include <berth/abi.h>
#ifdef __cplusplus
extern "C" {
#endif

/* --- of requests: */
enum berth_scope {
  BERTH_SCOPE_REQUEST = 0,    /* until the exchange is over */
  BERTH_SCOPE_CONNECTION = 1, /* until the connection is */
  BERTH_SCOPE_LISTENER = 2    /* `values:` of the configuration; they cannot be set */
};

#define BERTH_VALUES "berth.values/1"
typedef struct berth_values {
  uint32_t size;
  /* Text by name: what a middleware leaves for those behind it, of this plugin or another, or for
   * later requests of the connection (Go's context values, ConnContext, BaseContext). NULL: not
   * set. Lives until the name is set again, and not beyond serve(). [request] */
  berth_str (*get)(berth_request*, int32_t scope, berth_str name);
  /* E_STATE: nobody sets those of a listener; E_TOO_LARGE: above a limit of the host (0.1: 32 names
   * and 8 KiB of each request and each connection); E_INVALID: the name is empty. [request] */
  int32_t (*set)(berth_request*, int32_t scope, berth_str name, berth_str value);
} berth_values;

enum berth_connection_state {                              /* Go's http.ConnState */
                              BERTH_CONNECTION_NEW = 0,    /* nothing has come */
                              BERTH_CONNECTION_ACTIVE = 1, /* a request has begun to come and its
                                                              answer is not all taken */
                              BERTH_CONNECTION_IDLE = 2,
                              BERTH_CONNECTION_HIJACKED = 3,
                              BERTH_CONNECTION_CLOSED = 4 /* all that ever were */
};

#define BERTH_CONNECTIONS "berth.connections/1"
typedef struct berth_connections {
  uint32_t size;
  /* How many connections of this server are in that state now. E_INVALID: no such state. It looks
   * at every thread: for people, not for each request. [request] */
  int64_t (*count)(berth_request*, int32_t state);
} berth_connections;

#define BERTH_PEER "berth.peer/1"
typedef struct berth_peer {
  uint32_t size;
  /* The other end of the connection's socket, as req_remote has it: where a proxy stands in front,
   * that proxy. Lives until serve() returns. [request] */
  berth_str (*address)(const berth_request*);
} berth_peer;

/* --- of responses: */
#define BERTH_FLUSHER "berth.flusher/1"
typedef struct berth_flusher {
  uint32_t size;
  /* Sends the head and everything written so far (Go's http.Flusher). [request] */
  int32_t (*flush)(berth_response*);
} berth_flusher;

#define BERTH_HIJACKER "berth.hijacker/1" /* HTTP/1 only */
typedef struct berth_hijacker {
  uint32_t size;
  /* Takes the connection over; request and response are then of no use. E_STATE once the head is
   * committed; E_FAILED where too many threads wait for clients already. It may wait until earlier
   * replies are sent. [request] */
  int32_t (*hijack)(berth_response*, berth_conn** out);
  /* Bytes read, those the host had read ahead first; 0: end, also once it is draining and what had
   * come by then is read. [any] one reader at a time */
  int64_t (*read)(berth_conn*, void* buffer, size_t capacity, int32_t timeout_ms);
  /* size, all of it. timeout_ms negative: none. [any] one writer at a time */
  int64_t (*write)(berth_conn*, const void* bytes, size_t size, int32_t timeout_ms);
  /* Exactly once; until then the plugin stays loaded. [any] */
  void (*close)(berth_conn*);
  /* 1: the image is being replaced or the host stops, so say goodbye and close; writes still work.
   * A read that waits for the client is woken by it. Else 0. [any] */
  int32_t (*draining)(const berth_conn*);
} berth_hijacker;

#define BERTH_CONTROLLER "berth.controller/1"
typedef struct berth_controller {
  uint32_t size;
  /* Until when reads of the body, and each wait of a write for the client, may last: nanoseconds of
   * CLOCK_MONOTONIC; 0: only the host's own limits. They only shorten those, and hold for this
   * exchange (Go's http.ResponseController). [request] */
  int32_t (*set_read_deadline)(berth_response*, int64_t at);
  int32_t (*set_write_deadline)(berth_response*, int64_t at);
  /* That the body will be read while the response is written. BERTH_OK, for this host always allows
   * it; E_STATE: the client speaks HTTP/1.0. [request] */
  int32_t (*enable_full_duplex)(berth_response*);
} berth_controller;

#define BERTH_FILE_SENDER "berth.file_sender/1"
typedef struct berth_file_sender {
  uint32_t size;
  /* Appends `size` bytes of an open file, from `offset` on, to the body: as resp_write, without
   * reading them first where the connection can do that (sendfile(2)). The descriptor stays the
   * plugin's; its position is not used. Returns size. What a slow client has not
   * taken yet is sent later, from a descriptor of the host's own. E_FAILED: it cannot be read, or
   * is shorter than that by now; what has begun is cut, also where that is found out later.
   * [request] */
  int64_t (*send_file)(berth_response*, int fd, int64_t offset, int64_t size);
} berth_file_sender;

/* --- of the host; all between the beginning of start() and the stop of the image: */
typedef struct berth_task berth_task; /* host's, until work() returns */

#define BERTH_TASKS "berth.tasks/1"
typedef struct berth_tasks {
  uint32_t size;
  /* Calls work(self, task) once, on a thread of the host's own, which counts for the image and
   * shows `name` to people. When the image ends, after the last serve() and before stop(), the host
   * tells all tasks to end and waits. One that does not end in time is told by name, keeps stop()
   * from being called, and the image in memory. Returns a number above 0. E_STATE: not started, or
   * stopped; E_TOO_LARGE: above a limit of the host (0.1: 64 of an image); E_INVALID: no work, or
   * no name; E_FAILED: no thread is to be had. [any] */
  int64_t (*run)(const berth_host*, berth_str name, void (*work)(void* self, berth_task*),
                 void* self);
  /* 1: the task has to end; else 0. Only within its work(). */
  int32_t (*stopping)(const berth_task*);
  /* Sleeps for so many nanoseconds, negative: without end; less if it is woken or told to end. 1 or
   * 0, as stopping(). Only within its work(). */
  int32_t (*wait)(berth_task*, int64_t nanoseconds);
  /* Ends the wait() of a task, or its next one, if it has not ended. E_INVALID: no such task was
   * run. [any] */
  int32_t (*wake)(const berth_host*, int64_t task);
  /* Tells a task to end, and waits until it has; from within its own work() it only tells it.
   * BERTH_OK as well where it has ended already. E_INVALID: no such task was run. [any] */
  int32_t (*end)(const berth_host*, int64_t task);
} berth_tasks;

#define BERTH_TIMERS "berth.timers/1"
typedef struct berth_timers {
  uint32_t size;
  /* Calls tick(self) after `first` nanoseconds and then each `period`; 0: only once. The timers of
   * an image share one thread, a task of it: they never run at once, and one that waits holds up
   * those of its own image and nobody else's. What is missed meanwhile is left out, not made up
   * for. When no tick will come any more release(self) is called, once, unless it is NULL: after
   * the only tick, within cancel(), or before stop(). Returns a number above 0. E_STATE, E_FAILED:
   * as run(); E_TOO_LARGE: above a limit (0.1: 1024 of an image); E_INVALID: no tick, or a negative
   * time; on failure `self` stays the caller's. [any] */
  int64_t (*set)(const berth_host*, int64_t first, int64_t period, void (*tick)(void* self),
                 void (*release)(void* self), void* self);
  /* When it returns the timer ticks no more, and no tick of it runs: it waits for one that does,
   * unless called from it. Once; BERTH_OK as well where the timer has ended by itself or by the
   * stop. E_INVALID: there was no such timer. [any] */
  int32_t (*cancel)(const berth_host*, int64_t timer);
} berth_timers;

#ifdef __cplusplus
}
#endif
#endif
