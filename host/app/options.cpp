#include "app/options.h"

#include <sched.h>

#include <algorithm>
#include <cassert>
#include <span>
#include <utility>

namespace berth::app {

namespace {

observe::Level level_of(config::LogLevel level) noexcept {
  switch (level) {
    case config::LogLevel::kDebug:
      return observe::Level::kDebug;
    case config::LogLevel::kInfo:
      return observe::Level::kInfo;
    case config::LogLevel::kWarn:
      return observe::Level::kWarn;
    case config::LogLevel::kError:
      return observe::Level::kError;
  }
  return observe::Level::kInfo;
}

net::ProxyProtocol proxy_protocol_of(config::ProxyProtocol protocol) noexcept {
  switch (protocol) {
    case config::ProxyProtocol::kV1:
      return net::ProxyProtocol::kV1;
    case config::ProxyProtocol::kV2:
      return net::ProxyProtocol::kV2;
    case config::ProxyProtocol::kAny:
      break;
  }
  return net::ProxyProtocol::kAny;
}

// Held to the limits of Values by config.
serve::Values values_of(const config::Listener& listener) {
  serve::Values values;
  for (const auto& [name, value] : listener.values) {
    [[maybe_unused]] const auto set = values.set(name, value);
    assert(set.ok());
  }
  return values;
}

serve::TrustedProxies trusted_proxies_of(const config::Listener& listener) {
  using Fields = serve::TrustedProxies::Fields;
  serve::TrustedProxies trusted;
  const bool forwarded = listener.proxy_fields == config::ProxyFields::kForwarded;
  trusted.fields = forwarded ? Fields::kForwarded : Fields::kXForwarded;
  for (const config::Network& network : listener.trusted_proxies) {
    if (network.family == config::Network::Family::kUnix) {
      trusted.addresses.add_unix();
    } else {
      trusted.addresses.add(std::span(network.address).first(network.bytes()), network.prefix);
    }
  }
  return trusted;
}

}  // namespace

serve::Options serve_options(const config::Configuration& configuration) {
  const config::Limits& limits = configuration.limits;
  const config::Timeouts& timeouts = configuration.timeouts;
  serve::Options options;
  options.head.max_head_bytes = limits.header_block;
  options.head.max_fields = limits.header_fields;
  options.head.max_target_bytes = limits.target;
  options.chunk_line_bytes = limits.chunk_line;
  options.chunk_excess_bytes = limits.chunk_excess;
  options.unread_body_bytes = limits.unread_body;
  options.unsent_bytes = limits.unsent;
  options.header_timeout = timeouts.header;
  options.body_grace = timeouts.body_grace;
  options.body_rate = limits.body_rate;
  options.write_stall = timeouts.write_stall;
  options.idle_timeout = timeouts.idle;
  options.linger = timeouts.linger;
  options.connections = limits.connections;
  options.buffered_bytes = limits.buffered;
  return options;
}

sched::PoolOptions pool_options(const config::Configuration& configuration, std::size_t loops) {
  sched::PoolOptions options;
  options.loops = loops;
  options.threads = configuration.limits.threads;
  options.client_waits = configuration.limits.client_waits;
  // A head and the body that is read ahead with it have to fit, and then some.
  options.buffer_bytes = std::max<std::size_t>(
      configuration.limits.read_buffer,
      configuration.limits.header_block + base::limits::kReadAhead + 4 * base::limits::kKiB);
  return options;
}

base::Result<net::ListenerOptions> listener_options(const config::Listener& listener) {
  auto address = net::ListenAddress::parse(listener.address.text());
  if (!address) return base::fail(std::move(address).error());
  net::ListenerOptions options;
  options.name = listener.name;
  options.address = *address;
  options.reuse_port = listener.socket.reuse_port;
  options.only_ipv6 = listener.socket.only_ipv6;
  options.free_bind = listener.socket.freebind;
  options.defer_accept = listener.socket.defer_accept;
  options.backlog = listener.socket.backlog;
  // The configuration's range of these is an int's.
  if (const auto& bytes = listener.socket.receive_buffer) {
    options.receive_buffer = static_cast<int>(*bytes);
  }
  if (const auto& bytes = listener.socket.send_buffer) {
    options.send_buffer = static_cast<int>(*bytes);
  }
  return options;
}

base::Result<net::UnixListenerOptions> unix_listener_options(const config::Listener& listener) {
  auto address = net::UnixAddress::parse(listener.unix_path);
  if (!address) return base::fail(std::move(address).error());
  return net::UnixListenerOptions{.name = listener.name,
                                  .address = std::move(*address),
                                  .mode = listener.mode,
                                  .backlog = listener.socket.backlog};
}

serve::ListenerInfo listener_info(const config::Configuration& configuration, std::size_t index,
                                  serve::Handler* root) {
  const config::Listener& listener = configuration.listeners[index];
  serve::ListenerInfo info;
  info.name = listener.name;
  info.index = static_cast<std::uint32_t>(index);
  info.root = root;
  info.values = values_of(listener);
  if (listener.proxy_protocol) info.proxy_protocol = proxy_protocol_of(*listener.proxy_protocol);
  if (!listener.trusted_proxies.empty()) info.trusted_proxies = trusted_proxies_of(listener);
  return info;
}

std::string output_of(const config::LogTarget& target) {
  assert(target.kind != config::LogTarget::Kind::kOff);
  switch (target.kind) {
    case config::LogTarget::Kind::kStdout:
      return "stdout";
    case config::LogTarget::Kind::kFile:
      return target.path;
    case config::LogTarget::Kind::kOff:
    case config::LogTarget::Kind::kStderr:
      break;
  }
  return "stderr";
}

observe::LogOptions log_options(const config::Log& log) {
  observe::LogOptions options;
  options.level = level_of(log.level);
  options.format = log.format == config::LogFormat::kJson ? observe::LogFormat::kJson
                                                          : observe::LogFormat::kText;
  options.writer.output = output_of(log.output);
  return options;
}

observe::AccessLogOptions access_log_options(const config::Log& log) {
  observe::AccessLogOptions options;
  options.format = log.format == config::LogFormat::kJson ? observe::AccessFormat::kJson
                                                          : observe::AccessFormat::kCombined;
  options.writer.output = output_of(log.access);
  return options;
}

std::size_t usable_cores() noexcept {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count > 0 ? static_cast<std::size_t>(count) : 1;
}

}  // namespace berth::app
