/* The whole binary contract between berth and a plugin; C11, no dependencies. Not where authors of
 * C++ plugins begin (berth/plugin.hpp is), and not stable before 1.0. ABI.md tells it as a story.
 *
 * Growth     A released member never changes; new ones are appended and the minor is raised. A
 *            member younger than 1.0 is read only where BERTH_HAS() holds. Tables travel by
 *            pointer, never by value, and begin with their size: only the side that declares a
 *            table writes it. Until 1.0 anything may change: a host takes its own minor only.
 * Ownership  Who allocates frees. A string or node of the host lives as long as the object it was
 *            asked from; strings of the plugin are copied before the call returns.
 * Threads    [control] calls are made one at a time per image, on no particular thread
 *            [request] only the thread that is inside that serve(), or holds the retained exchange
 *            [any]     any thread, many at once
 * Failure    No exception crosses. 0 or a count is success, negative is a berth_errc.
 * Enums      Values that go from host to plugin never grow within a major; the others may.
 * Strings    UTF-8 where people read it, else bytes; never NUL-ended, but where `const char *` is.
 * Trust      A plugin is trusted code in the host's address space.                               */
#ifndef BERTH_ABI_H
#define BERTH_ABI_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define BERTH_ABI_MAJOR 0u
#define BERTH_ABI_MINOR 1u

/* Whether the table *t, whoever declared it, is long enough to have the member m. */
#define BERTH_HAS(t, m) ((t)->size >= offsetof(__typeof__(*(t)), m) + sizeof((t)->m))

typedef struct berth_str {
  const char* data; /* NULL: absent, where a function says so; an empty string is not NULL */
  size_t size;
} berth_str;

typedef struct berth_pair {
  berth_str key, value;
} berth_pair;

typedef struct berth_request berth_request;   /* host's, until serve(), or on_end() of a filter,
                                               * returns, or req_release() */
typedef struct berth_response berth_response; /* host's, as long as its request */
typedef struct berth_config berth_config;     /* host's node, until make() or start() returns */
typedef struct berth_sink berth_sink;         /* host's, until the filter's callback returns */
typedef struct berth_conn berth_conn;         /* plugin's, from hijack() to close() */

enum berth_errc {
  BERTH_OK = 0,
  BERTH_DEFERRED = 1,     /* only from serve(); see req_retain */
  BERTH_E_INVALID = -1,   /* an argument breaks the contract: the caller's bug */
  BERTH_E_CLOSED = -2,    /* the client is gone */
  BERTH_E_TIMEOUT = -3,   /* a deadline passed: the client's or the handler's */
  BERTH_E_STATE = -4,     /* too late, too early, or not offered by this host */
  BERTH_E_TOO_LARGE = -5, /* above a limit of the route, or above a declared length */
  BERTH_E_FAILED = -6     /* anything else; details went to log() */
};

enum berth_level { BERTH_DEBUG = 0, BERTH_INFO = 1, BERTH_WARN = 2, BERTH_ERROR = 3 };

enum berth_config_kind {
  BERTH_CONFIG_ABSENT = 0, /* the node is NULL */
  BERTH_CONFIG_SCALAR = 1, /* null (`~`, `null` or nothing, unquoted) is one with an empty text */
  BERTH_CONFIG_LIST = 2,
  BERTH_CONFIG_MAP = 3 /* entries in the order of the file; keys are unique scalars */
};

typedef struct berth_filter berth_filter;
typedef struct berth_host berth_host;

/* host -> plugin. One table per loaded image: `self` below is this very table. It outlives all that
 * the plugin made. */
struct berth_host {
  uint32_t size;
  uint16_t abi_major, abi_minor;

  /* Adds a line to the host's log, with plugin, generation, and within serve() route and request.
   * Never blocks: a full log drops and counts. Control bytes are escaped by the host. [any] */
  void (*log)(const berth_host* self, int32_t level, berth_str message, const berth_pair* pairs,
              size_t pair_count);
  /* A further static table by name, such as "berth.timers/1"; NULL: this host has it not. [any] */
  const void* (*host_facet)(const berth_host* self, const char* facet_id);

  /* --- configuration [control]; NULL is an absent node. Its berth_config_kind: */
  int32_t (*config_kind)(const berth_config*);
  /* Elements of a list, entries of a map, else 0. */
  size_t (*config_size)(const berth_config*);
  /* The i-th element of a list or value of a map; NULL past the end and for a scalar. */
  const berth_config* (*config_at)(const berth_config*, size_t i);
  /* The i-th key of a map, as a scalar with a position of its own; else NULL. */
  const berth_config* (*config_key_at)(const berth_config*, size_t i);
  /* The value at a key, which may hold any byte (no dots are interpreted); NULL: absent. */
  const berth_config* (*config_get)(const berth_config*, berth_str key);
  /* A scalar's text, unquoted and with the environment expanded; empty for all else. */
  berth_str (*config_text)(const berth_config*);
  /* Where the node stands. Line and column count from 1, in bytes. E_INVALID: absent node. */
  int32_t (*config_position)(const berth_config*, berth_str* file, uint32_t* line, uint32_t* col);
  /* Complains about a node: the host prints file, line, column, message, source line and caret. May
   * be called many times before make() or start() fails; all are printed. Complain about a missing
   * key at its map. Always E_INVALID, so that a C plugin may `return host->config_fail(...)`. */
  int32_t (*config_fail)(const berth_config*, berth_str message);

  /* --- request [request]; strings live until serve() returns: */
  berth_str (*req_method)(const berth_request*);   /* a token, RFC 9110 s9; case matters */
  berth_str (*req_target)(const berth_request*);   /* as received, RFC 9112 s3.2 */
  berth_str (*req_path)(const berth_request*);     /* decoded, cleaned, without a mount prefix */
  berth_str (*req_query)(const berth_request*);    /* raw, without '?'; empty if there is none */
  berth_str (*req_protocol)(const berth_request*); /* "HTTP/1.0", "HTTP/1.1", "HTTP/2.0" */
  berth_str (*req_scheme)(const berth_request*);   /* "http" or "https", the client's */
  berth_str (*req_host)(const berth_request*);     /* host[:port] that was asked for, validated */
  berth_str (*req_remote)(const berth_request*);   /* the client, "192.0.2.1:5000", "[::1]:5000" */
  berth_str (*req_local)(const berth_request*);    /* what it connected to; see ABI.md */
  berth_str (*req_listener)(const berth_request*); /* its name in the configuration */
  berth_str (*req_pattern)(const berth_request*);  /* the route's, as in the configuration */

  /* Parsed query, application/x-www-form-urlencoded: '&' separates, '+' is a blank, a malformed
   * pair is left out. First value by name (NULL: absent); all in order, 1, or 0 past the end. */
  berth_str (*req_query_value)(const berth_request*, berth_str name);
  int32_t (*req_query_at)(const berth_request*, size_t i, berth_str* name, berth_str* value);
  /* What {name} or {name...} of the pattern matched, decoded; NULL: no such wildcard. */
  berth_str (*req_path_value)(const berth_request*, berth_str name);
  /* Field by name, any case, the first (NULL: absent); all in order as received, 1, or 0. */
  berth_str (*req_header)(const berth_request*, berth_str name);
  int32_t (*req_header_at)(const berth_request*, size_t i, berth_str* name, berth_str* value);
  /* Trailer fields the same way; none before req_read() has returned 0. */
  berth_str (*req_trailer)(const berth_request*, berth_str name);
  int32_t (*req_trailer_at)(const berth_request*, size_t i, berth_str* name, berth_str* value);
  /* Bytes of the body; 0: there is none; -1: not known beforehand (chunked). */
  int64_t (*req_content_length)(const berth_request*);
  /* Waits for some of the body. Bytes read; 0: it has ended, and does so for ever. A first read
   * answers an Expect: 100-continue. E_TOO_LARGE: above the route's max_body; E_CLOSED, E_TIMEOUT:
   * the client; E_INVALID: capacity 0. After an error every further read fails the same way. */
  int64_t (*req_read)(berth_request*, void* buffer, size_t capacity);
  /* 1: nobody waits for the answer any more (client gone, deadline passed, host stopping); else 0.
   * [any] until serve() returns. */
  int32_t (*req_cancelled)(const berth_request*);
  /* When the host will answer in the handler's stead: nanoseconds of CLOCK_MONOTONIC; 0: never. */
  int64_t (*req_deadline)(const berth_request*);
  /* An optional power of this request (a static table), "berth.peer/1" say; NULL: has it not. */
  const void* (*req_facet)(berth_request*, const char* facet_id);
  /* Keeps the exchange beyond serve(), which must then return BERTH_DEFERRED; what it began with
   * stays loaded. From then on one thread at a time uses request and response, as if inside
   * serve(), until it calls req_release() once [any] with what serve() would have returned.
   * Reserved: hosts of 0.1 answer E_STATE, and treat BERTH_DEFERRED as E_FAILED. */
  int32_t (*req_retain)(berth_request*, berth_response*);
  int32_t (*req_release)(berth_request*, int32_t result);

  /* --- response [request]: */
  /* Fields of the head, before it is committed (E_STATE afterwards). set replaces all of that name,
   * add appends one, remove drops all. E_INVALID: the name is no token, the value has a control
   * byte but HTAB (RFC 9110 s5.5), or the field is of the framing and thus the host's: Connection,
   * Keep-Alive, Proxy-Connection, Trailer, Transfer-Encoding, Upgrade. But `Connection: close` ends
   * the connection behind this response. A Content-Length is digits and is held to. E_TOO_LARGE:
   * above the host's limit for a head. */
  int32_t (*resp_header_set)(berth_response*, berth_str name, berth_str value);
  int32_t (*resp_header_add)(berth_response*, berth_str name, berth_str value);
  int32_t (*resp_header_remove)(berth_response*, berth_str name);
  /* The first of that name among those set so far; NULL: absent. Lives until the next change. */
  berth_str (*resp_header_get)(const berth_response*, berth_str name);
  /* 200..999: the final status, once (E_STATE the second time). It commits the head: what is set
   * later is refused. 100..199 but 101: sent at once with the fields set so far, any number of
   * times before the final one (RFC 9110 s15.2); HTTP/1.0 clients are spared it. Else E_INVALID. A
   * second final one is also logged. */
  int32_t (*resp_status)(berth_response*, int32_t code);
  /* The final status so far; 0: not committed. */
  int32_t (*resp_status_get)(const berth_response*);
  /* Appends to the body; commits 200 if nothing was. Returns size: all or nothing is taken. May
   * wait for the client. E_TOO_LARGE: beyond the Content-Length set; E_STATE: the status has no
   * content (204, 205, 304; RFC 9110 s6.4.1); E_CLOSED, E_TIMEOUT: the client, or the deadline won.
   * Bytes for HEAD are counted and dropped. */
  int64_t (*resp_write)(berth_response*, const void* bytes, size_t size);
  /* Trailer fields (RFC 9110 s6.5), sent behind the body where the protocol can (not in HTTP/1.0,
   * not with a Content-Length), else dropped. add: until serve() returns; E_INVALID as above, and
   * for fields about framing, routing or content (RFC 9110 s6.5.1). declare: announces a name,
   * before the head is committed; nobody has to. */
  int32_t (*resp_trailer_declare)(berth_response*, berth_str name);
  int32_t (*resp_trailer_add)(berth_response*, berth_str name, berth_str value);
  /* An optional power of this response (a static table); NULL: this connection has it not. */
  const void* (*resp_facet)(berth_response*, const char* facet_id);

  /* --- middleware [request]: */
  /* Runs the rest of the chain and returns what it returned. Once per call of a middleware's
   * serve(), E_STATE else; a middleware that answers by itself does not call it. filter, or NULL,
   * sees what is answered from then on, the error reply to a failed serve() included, but no head
   * after one that it has seen, and nothing of what the host answers without the chain or in its
   * stead (400, 413, 503 of a full queue or the deadline). It is kept until its on_end(), which may
   * be after next() and serve() have returned. E_STATE, too, with a filter once a status is set. If
   * the rest failed with nothing sent, all that was set and written is forgotten, resp_status_get()
   * is 0, and the middleware may answer; else the response ends as a failed one, in any case. */
  int32_t (*next)(berth_request*, berth_response*, const berth_filter* filter);
  /* Hands bytes of the body outward, to the next filter or the connection; as resp_write, but where
   * the status has no content (204, 205, 304) they are dropped. E_STATE: outside of the on_body()
   * or on_end() that got the sink. */
  int64_t (*filter_pass)(berth_sink*, const void* bytes, size_t size);
  /* 0.2 goes here. */
};

/* Tables behind resp_facet, req_facet and host_facet. */
#include <berth/abi_facets.h>

/* plugin -> host. One mounted route. */
typedef struct berth_handler {
  uint32_t size;
  void* self;
  /* Answers one request; many run at once. [any] BERTH_OK: the response is complete. Negative: if
   * no head is committed the host answers 413 for E_TOO_LARGE, 408 or 503 for E_TIMEOUT, else 500
   * (which for E_CLOSED finds nobody); if it is, the connection is cut, so that it cannot pass for
   * complete. */
  int32_t (*serve)(void* self, berth_request*, berth_response*);
  /* After the last serve(), when no route has it any more: in the midst of the image's life, or
   * after stop(). Frees this table too. [control] */
  void (*destroy)(void* self);
} berth_handler;

/* What a middleware sees of the answer of those behind it, innermost filter first. All [request]. A
 * negative result ends the response as from serve(). Writers are never wrapped, so facets stay
 * reachable; inside of a filter resp_write(), flush(), hijack() and next() are E_STATE. */
struct berth_filter {
  uint32_t size;
  void* self;
  /* Once, when the final head is committed: it may still change fields and trailers. With on_body,
   * a Content-Length set before is dropped afterwards, unless this sets one. NULL: none. */
  int32_t (*on_head)(void* self, berth_response*);
  /* Each piece of the body; what it passes on goes outward. size 0: the handler flushed, so pass on
   * what was held back. NULL: the body is passed on untouched. */
  int32_t (*on_body)(void* self, berth_response*, berth_sink*, const void* bytes, size_t size);
  /* Exactly once, and last, also for a filter that next() refused. BERTH_OK: the response is
   * complete up to here, were it an error reply, and bytes may be passed; what is further out may
   * still fail. Negative, what ended it: it was cut, answered past this filter, not answered
   * (E_CLOSED), or taken over (E_STATE, from within hijack()). NULL: none. */
  int32_t (*on_end)(void* self, berth_response*, berth_sink*, int32_t result);
};

/* What stands in a route's `with:`; uses of equal kind, pattern and configuration may share one. */
typedef struct berth_middleware {
  uint32_t size;
  void* self;
  int32_t (*serve)(void* self, berth_request*, berth_response*); /* as berth_handler's; next() */
  void (*destroy)(void* self);                                   /* as berth_handler's */
} berth_middleware;

enum berth_role { BERTH_ROLE_HANDLER = 0, BERTH_ROLE_MIDDLEWARE = 1 };

typedef struct berth_kind {
  uint32_t size;
  int32_t role;     /* berth_role; a host refuses a middleware as a handler and the reverse */
  const char* name; /* what follows the dot in `handler: plugin.kind`; [a-z][a-z0-9_]* */
} berth_kind;

/* What a route asks for; host -> plugin, until make() returns. */
typedef struct berth_mount {
  uint32_t size;
  berth_str kind;
  berth_str pattern;                 /* the route's */
  const berth_config* plugin_config; /* `config:` of the plugin; never NULL, an empty map if none */
  const berth_config* config;        /* `config:` of the route; likewise */
} berth_mount;

enum berth_phase {
  BERTH_START_FIRST = 0,   /* nothing of this plugin serves yet */
  BERTH_START_RELOAD = 1,  /* an older image of it still serves in this process */
  BERTH_START_TAKEOVER = 2 /* one still serves in another process */
};

/* static storage. Order of a life: make (each route), self_test, start, serve..., drain, serve...,
 * stop, destroy (each route), unload; validate ends after self_test. A reload may make and destroy
 * in between. All [control] but serve. An image has one plugin_config: a changed one is a new
 * image. Images of one plugin overlap, for minutes if need be: an exclusive resource is taken
 * lazily and retried, never required by start(). */
typedef struct berth_plugin {
  uint32_t size;
  uint16_t abi_major, abi_minor; /* built with */
  uint16_t needs_minor;          /* cannot do with less; the same as abi_minor until 1.0 */
  uint16_t reserved;             /* 0 */
  const char *name, *version;    /* as in the note */
  /* The i-th kind, NULL past the end; static too. [any] */
  const berth_kind* (*kind)(size_t i);
  /* Makes a handler for one route, with no effect outside its own memory: it also runs in validate,
   * probe and standby. E_INVALID: no such kind, or a bad configuration, told by config_fail(). */
  int32_t (*make)(const berth_host*, const berth_mount*, const berth_handler** out);
  /* The same for a middleware; NULL: the plugin has none. */
  int32_t (*make_middleware)(const berth_host*, const berth_mount*, const berth_middleware** out);
  /* Optional (NULL): pools, ports, tasks and timers. Only in an image about to serve, once.
   * Negative: it will not serve, and stop() is not called. */
  int32_t (*start)(const berth_host*, const berth_config* plugin_config, int32_t phase);
  /* Optional: undoes start() after the last serve() and the last task; leaves no thread behind. */
  void (*stop)(void);
  /* Optional: 0 if the image is fit to serve; no effect outside its own memory. */
  int32_t (*self_test)(const berth_host*);
  /* Optional: the image will be replaced or the host stops. Requests go on for a while: what would
   * last for long comes to its end. At most once, between start() and stop(), or not at all. */
  void (*drain)(void);
} berth_plugin;

/* The one export; a function, whose name carries the major. The same table at each call. [any] */
#define BERTH_ENTRY "berth_plugin_v0"
typedef const berth_plugin* (*berth_entry_fn)(void);

#ifdef __cplusplus
}
#endif
#endif
