// Everything berth.yaml says, as plain values: checked, defaults filled in, units resolved. Not
// YAML and not behaviour: app turns it into the options of net, sched and serve.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/source_position.h"
#include "config/node.h"

namespace berth::config {

// Where a TCP listener binds.
struct TcpAddress {
  enum class Family : std::uint8_t {
    kAny,   // ":8080": IPv6 and, unless only_ipv6, IPv4
    kIpv4,  // "127.0.0.1:8080"
    kIpv6,  // "[::1]:8080"; "[::]" takes IPv4 too unless only_ipv6
  };
  Family family = Family::kAny;
  std::string host;        // canonical IP literal without brackets (inet_ntop); empty for kAny
  std::uint16_t port = 0;  // 0: the kernel chooses

  // As it is written in the file: ":8080", "127.0.0.1:8080", "[::1]:8080".
  [[nodiscard]] std::string text() const;
  friend bool operator==(const TcpAddress&, const TcpAddress&) = default;
};

// listen[].socket: applied between socket() and bind(). Absent values leave the kernel's.
struct SocketOptions {
  bool reuse_port = false;                      // SO_REUSEPORT
  std::optional<int> backlog;                   // listen(2); absent: somaxconn
  std::optional<std::uint64_t> receive_buffer;  // bytes, SO_RCVBUF
  std::optional<std::uint64_t> send_buffer;     // bytes, SO_SNDBUF
  bool only_ipv6 = false;                       // IPV6_V6ONLY
  bool defer_accept = false;                    // TCP_DEFER_ACCEPT
  bool freebind = false;                        // IP_FREEBIND
};

// An item of listen[].trusted_proxies.
struct Network {
  enum class Family : std::uint8_t { kUnix, kIpv4, kIpv6 };
  Family family = Family::kUnix;
  std::array<std::uint8_t, 16> address{};  // in network byte order, 4 of IPv4; 0 behind the prefix
  std::size_t prefix = 0;                  // bits

  // Of `address` in use.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return family == Family::kUnix ? 0 : family == Family::kIpv4 ? 4 : 16;
  }
  // "10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "unix".
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Network&, const Network&) = default;
};

// listen[].proxy_protocol: versions of the PROXY protocol that a connection has to begin with.
enum class ProxyProtocol : std::uint8_t { kV1, kV2, kAny };

// listen[].proxy_fields: what trusted proxies say about the client in.
enum class ProxyFields : std::uint8_t {
  kXForwarded,  // X-Forwarded-For and X-Forwarded-Proto
  kForwarded,   // Forwarded, RFC 7239
};

// listen[]. Names are unique; no two addresses overlap unless both say reuse_port.
struct Listener {
  enum class Kind : std::uint8_t {
    kTcp,        // address
    kUnix,       // unix
    kInherited,  // inherited
  };

  std::string name;
  Kind kind = Kind::kTcp;
  TcpAddress address;  // kTcp only
  // kUnix only. A path, resolved against the folder of its file, at most 107 bytes; or "@" and an
  // abstract name of at most 107 bytes.
  std::string unix_path;
  std::uint16_t mode = base::limits::kUnixMode;  // kUnix with a path: of the file
  std::string inherited;                         // kInherited only: a name of LISTEN_FDNAMES
  bool health = false;                           // answers /livez and /readyz, and no route
  // What handlers read by name: of its limits in base/limits.h.
  std::vector<std::pair<std::string, std::string>> values;
  std::optional<ProxyProtocol> proxy_protocol;  // absent: off
  std::vector<Network> trusted_proxies;         // none: no field is believed
  ProxyFields proxy_fields = ProxyFields::kXForwarded;
  SocketOptions socket;                   // kUnix: backlog alone; kInherited: none
  base::SourcePosition position;          // of the name's value
  base::SourcePosition address_position;  // of the value of address, unix or inherited

  // Whether unix_path is a name that no file stands for.
  [[nodiscard]] bool is_abstract() const noexcept { return unix_path.starts_with('@'); }
};

// What is done about a plugin file that others may write (DESIGN.md "Small decisions").
enum class PluginPermissions : std::uint8_t {
  kDefault,  // world-writable refused; group-writable refused as root, else a warning
  kStrict,   // both refused always
};

// What is done when a plugin's file cannot be loaded.
enum class OnFailure : std::uint8_t {
  kRefuse,    // the start, or the reload, with it
  kClose,     // `503`: its routes answer 503
  kLastGood,  // the image that served last goes on
};

// plugins.ALIAS
struct Plugin {
  std::string alias;  // the name in this file only; letters, digits, _ and -
  // With "/": resolved against its file's folder (resolve_path). A bare name: as written,
  // to be looked for in the folder of the shipped plugins.
  std::string file;
  Node config;                                                  // null if absent
  PluginPermissions permissions = PluginPermissions::kDefault;  // its own, else the top level's
  bool probe = true;  // it is loaded in a child process first
  OnFailure on_failure = OnFailure::kRefuse;
  // How long its requests may go on when it is replaced: its own, else timeouts.drain.
  base::Duration drain = base::limits::kPluginDrain;
  // Of limits.threads, those that its calls may be on at a time: its own; absent: see
  // limits::kThreadsOfOthers.
  std::optional<std::uint64_t> threads;
  bool used = false;                   // some route names it
  base::SourcePosition position;       // of the alias
  base::SourcePosition file_position;  // of file's value
};

// What a route names of a plugin beside its handler, with a config of its own.
struct HandlerUse {
  std::string plugin;                     // an alias that exists in plugins
  std::string kind;                       // empty: for a plugin with one kind
  Node config;                            // null if absent
  base::SourcePosition position;          // of the item
  base::SourcePosition handler_position;  // of the text that names plugin and kind

  // "plugin.kind", or "plugin".
  [[nodiscard]] std::string text() const { return kind.empty() ? plugin : plugin + "." + kind; }
};

// routes[].with[]: a filter around the route's handler.
using Middleware = HandlerUse;

// routes[].fallback: the handler in place of the route's while that one's plugin, of which neither
// this one nor any middleware of the route is, is out of service.
using Fallback = HandlerUse;

// routes[], in the file's order (which carries no meaning).
struct Route {
  std::string pattern;  // not empty; its syntax is mux's to judge
  std::string plugin;   // an alias that exists in plugins
  std::string kind;     // empty: `handler: plugin`, for a plugin with one kind
  // Its own, else timeouts.handler. Absent: no deadline.
  std::optional<base::Duration> timeout = base::limits::kHandlerTimeout;
  // Bytes: its own, else limits.body. Absent: no limit.
  std::optional<std::uint64_t> max_body = base::limits::kBody;
  bool ignores_half_close = false;        // a FIN of the client does not cancel
  bool access_log = true;                 // its requests have a line in it
  bool learning = true;                   // whether it blocks; false: always served inline
  std::vector<Middleware> with;           // outermost first
  std::optional<Fallback> fallback;       // absent: 503 answers
  std::vector<std::string> listeners;     // names that exist in listen; empty: all of them
  Node config;                            // null if absent
  base::SourcePosition position;          // of the route
  base::SourcePosition pattern_position;  // of pattern's value
  base::SourcePosition handler_position;  // of handler's value
};

// timeouts
struct Timeouts {
  base::Duration header = base::limits::kHeaderTimeout;
  base::Duration body_grace = base::limits::kBodyGrace;
  base::Duration write_stall = base::limits::kWriteStall;
  base::Duration idle = base::limits::kIdleTimeout;
  base::Duration linger = base::limits::kLinger;
  std::optional<base::Duration> handler = base::limits::kHandlerTimeout;  // absent: none
  base::Duration drain_delay = base::limits::kDrainDelay;
  base::Duration shutdown = base::limits::kShutdown;
  base::Duration drain = base::limits::kPluginDrain;
  base::Duration probe = base::limits::kProbeTimeout;
};

// limits
struct Limits {
  std::uint64_t header_block = base::limits::kHeaderBlock;  // bytes
  std::uint64_t header_fields = base::limits::kHeaderFields;
  std::uint64_t target = base::limits::kTarget;             // bytes
  std::uint64_t chunk_line = base::limits::kChunkLine;      // bytes
  std::uint64_t chunk_excess = base::limits::kChunkExcess;  // bytes
  std::optional<std::uint64_t> body = base::limits::kBody;  // bytes; absent: none
  std::uint64_t body_rate = base::limits::kBodyRate;        // bytes per second
  std::uint64_t unread_body = base::limits::kDrain;         // bytes
  std::uint64_t unsent = base::limits::kUnsent;             // bytes
  std::uint64_t read_buffer = base::limits::kReadBuffer;    // bytes
  std::uint64_t connections = base::limits::kConnections;
  std::uint64_t threads = base::limits::kThreads;
  std::uint64_t client_waits = base::limits::kClientWaits;  // at most threads
  std::uint64_t buffered = base::limits::kBuffered;         // bytes
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

struct LogTarget {
  enum class Kind : std::uint8_t { kOff, kStderr, kStdout, kFile };
  Kind kind = Kind::kStderr;
  std::string path;               // kFile only; resolved against its file's folder
  base::SourcePosition position;  // of the value; no line where it is the default
};

// log
struct Log {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  LogTarget output{LogTarget::Kind::kStderr, {}, {}};  // never kOff
  LogTarget access{LogTarget::Kind::kStdout, {}, {}};
};

// control: where the running server is asked for a reload, its status and so on.
struct ControlSocket {
  enum class Kind : std::uint8_t {
    kDefault,  // /run/berth/control.sock as a service, else in $XDG_RUNTIME_DIR/berth
    kOff,
    kPath,  // path: resolved against its file's folder, at most 107 bytes
  };
  Kind kind = Kind::kDefault;
  std::string path;
  base::SourcePosition position;  // of the value; no line where it is the default
};

// on_crash: what the process does whose handler crashed.
enum class OnCrash : std::uint8_t {
  kDrain,  // finishes what others have in flight
  kAbort,  // ends at once
};

// quarantine: when a plugin that keeps crashing is not called any more.
struct Quarantine {
  std::uint64_t crashes = base::limits::kQuarantineCrashes;  // so many; 0: never
  base::Duration within = base::limits::kQuarantineWindow;   // that time
};

// recycle: when another host takes the place of one that has grown. Absent: for that it never does.
struct Recycle {
  std::optional<std::uint64_t> retired_images = base::limits::kRetiredImages;  // more than so many
  std::optional<std::uint64_t> memory;                                         // bytes; likewise
  std::optional<base::Duration> age;
};

// user: whom a server that root starts serves as. Whether there are such is app's question.
struct User {
  std::string name;               // or the digits of an id, never root's; empty: none is named
  std::string group;              // likewise; empty: the user's own
  base::SourcePosition position;  // of the value

  // As it is written in the file.
  [[nodiscard]] std::string text() const { return group.empty() ? name : name + ":" + group; }
};

// A whole file with those it includes that was accepted. Movable, copyable, plain.
struct Configuration {
  std::string file;                 // as it was given to load
  std::string folder;               // the one file is in; "." for none
  std::vector<Listener> listeners;  // at least one
  std::vector<Plugin> plugins;      // in the file's order
  std::vector<Route> routes;
  Timeouts timeouts;
  Limits limits;
  Log log;
  ControlSocket control;
  std::uint64_t generations = base::limits::kGenerations;  // kept to be rolled back to
  bool watch = false;  // reload when the configuration or a plugin's file was replaced
  OnCrash on_crash = OnCrash::kDrain;
  Quarantine quarantine;
  bool standby = false;  // a second host is kept ready to take over
  Recycle recycle;
  User user;
  // Where the values of the top level, of timeouts, limits and log stand, by key: "watch",
  // "limits.threads". Keys that are not in the file are not in it.
  std::map<std::string, base::SourcePosition, std::less<>> places;

  // Null if there is none of that alias.
  [[nodiscard]] const Plugin* find_plugin(std::string_view alias) const noexcept;
};

}  // namespace berth::config
