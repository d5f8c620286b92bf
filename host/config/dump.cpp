#include "config/dump.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>

#include "config/expand.h"
#include "config/printable.h"
#include "config/settings.h"
#include "config/values.h"

namespace berth::config {

namespace {

// In the order of OnFailure.
constexpr std::array<std::string_view, 3> kOnFailure{"refuse", "503", "last-good"};

constexpr std::size_t kImplicitKey = 1000;  // YAML 1.2 s7.4.2: a longer key needs a ?

std::string_view name_of(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string escape(char32_t code_point) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "\\U";
  for (int shift = 28; shift >= 0; shift -= 4) text += kHex[(code_point >> shift) & 0xF];
  return text;
}

// Double-quoted on one line; what printable() would hide is escaped. As a key: a value has its `${`
// escaped, too.
std::string quoted_key(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    char32_t code_point = 0;
    const std::size_t length = std::max<std::size_t>(decode_utf8(text, code_point), 1);
    const std::string_view character = text.substr(0, length);
    if (character == "\"" || character == "\\") {
      out += '\\';
      out += character;
    } else {
      if (character == "\n") {
        out += "\\n";
      } else if (character == "\t") {
        out += "\\t";
      } else {
        out += printable(character) == character ? std::string(character) : escape(code_point);
      }
    }
    text.remove_prefix(length);
  }
  return out + '"';
}

std::string quoted(std::string_view text) { return quoted_key(escape_references(text)); }

// Words and numbers that mean the same without quotes anywhere in a flow collection.
bool is_plain(std::string_view text) noexcept {
  const bool safe = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+';
  });
  const bool item = text.starts_with('-') && (text.size() < 2 || text[1] < '0' || text[1] > '9');
  return safe && !item && !text.empty();
}

std::string flow(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return !node.quoted() && is_plain(node.text()) ? std::string(node.text())
                                                     : quoted(node.text());
    case Node::Kind::kList: {
      std::string out;
      for (std::size_t i = 0; i < node.size(); ++i) {
        out += (i == 0 ? "" : ", ") + flow(node.value(i));
      }
      return "[" + out + "]";
    }
    case Node::Kind::kMap: {
      std::string out;
      for (std::size_t i = 0; i < node.size(); ++i) {
        const std::string key = quoted_key(node.key(i).text());
        out += i == 0 ? "" : ", ";
        out += key.size() > kImplicitKey ? "? " : "";
        out += key + ": " + flow(node.value(i));
      }
      return "{" + out + "}";
    }
  }
  return {};
}

template <class S>
std::string dump_settings(std::span<const Setting<S>> settings, const S& source,
                          std::string_view indent) {
  std::string out;
  for (const Setting<S>& setting : settings) {
    const std::string value = value_text(setting, source);
    if (value == "none" && setting.none == AllowNone::kNo) continue;  // the kernel's
    out += std::string(indent) + std::string(setting.name) + ": " + value + '\n';
  }
  return out;
}

std::string dump_socket(const SocketOptions& socket) {
  const auto flag = [](std::string_view name, bool on) {
    return "      " + std::string(name) + (on ? ": true\n" : ": false\n");
  };
  return "    socket:\n" + flag("reuse_port", socket.reuse_port) +
         flag("only_ipv6", socket.only_ipv6) + flag("defer_accept", socket.defer_accept) +
         flag("freebind", socket.freebind) + dump_settings(socket_settings(), socket, "      ");
}

std::string dump_mode(std::uint16_t mode) {
  std::string text = "\"0000\"";
  for (std::size_t i = 4; i > 1; --i, mode = static_cast<std::uint16_t>(mode >> 3)) {
    text[i] = static_cast<char>('0' + (mode & 7));
  }
  return text;
}

std::string dump_proxies(const Listener& listener) {
  constexpr std::array<std::string_view, 3> kProtocols{"v1", "v2", "any"};
  std::string out;
  if (listener.proxy_protocol) {
    out += "    proxy_protocol: ";
    out += kProtocols[static_cast<std::size_t>(*listener.proxy_protocol)];
    out += '\n';
  }
  if (listener.trusted_proxies.empty()) return out;
  out += "    trusted_proxies: [";
  for (const Network& network : listener.trusted_proxies) {
    out += (&network == &listener.trusted_proxies.front() ? "" : ", ") + quoted(network.text());
  }
  out += "]\n    proxy_fields: ";
  return out + (listener.proxy_fields == ProxyFields::kForwarded ? "forwarded\n" : "x-forwarded\n");
}

std::string dump_listener(const Listener& listener) {
  std::string out = "  - name: " + quoted(listener.name) + '\n';
  if (listener.health) out += "    health: true\n";
  if (!listener.values.empty()) out += "    values:\n";
  for (const auto& [name, value] : listener.values) {
    out += "      " + name + ": " + quoted(value) + '\n';
  }
  out += dump_proxies(listener);
  switch (listener.kind) {
    case Listener::Kind::kTcp:
      return out + "    address: " + quoted(listener.address.text()) + '\n' +
             dump_socket(listener.socket);
    case Listener::Kind::kUnix:
      out += "    unix: " + quoted(listener.unix_path) + '\n';
      if (!listener.is_abstract()) out += "    mode: " + dump_mode(listener.mode) + '\n';
      if (listener.socket.backlog) {
        out += "    socket: { backlog: " + std::to_string(*listener.socket.backlog) + " }\n";
      }
      return out;
    case Listener::Kind::kInherited:
      return out + "    inherited: " + quoted(listener.inherited) + '\n';
  }
  return out;
}

std::string dump_target(const LogTarget& target) {
  constexpr std::array<std::string_view, 3> kNames{"off", "stderr", "stdout"};
  if (target.kind == LogTarget::Kind::kFile) return quoted(target.path);
  return std::string(kNames[static_cast<std::size_t>(target.kind)]);
}

std::string dump_route(const Route& route) {
  std::string out = "  - pattern: " + quoted(route.pattern) + '\n';
  out += "    handler: " + route.plugin + (route.kind.empty() ? "" : "." + route.kind) + '\n';
  out += dump_settings(route_settings(), route, "    ");
  if (route.ignores_half_close) out += "    half_close: ignore\n";
  if (!route.access_log) out += "    access_log: false\n";
  if (!route.learning) out += "    learning: false\n";
  if (!route.with.empty()) out += "    with:\n";
  for (const Middleware& entry : route.with) {
    out += "      - handler: " + entry.text() + '\n';
    if (!entry.config.is_null()) out += "        config: " + flow(entry.config) + '\n';
  }
  if (const auto& fallback = route.fallback) {
    out += "    fallback:\n      handler: " + fallback->text() + '\n';
    if (!fallback->config.is_null()) out += "      config: " + flow(fallback->config) + '\n';
  }
  if (!route.listeners.empty()) {
    out += "    listeners: [";
    for (const std::string& name : route.listeners) {
      out += (&name == &route.listeners.front() ? "" : ", ") + quoted(name);
    }
    out += "]\n";
  }
  if (!route.config.is_null()) out += "    config: " + flow(route.config) + '\n';
  return out;
}

std::string dump_plugin(const Plugin& plugin) {
  std::string out = "  " + quoted_key(plugin.alias) + ":\n    file: " + quoted(plugin.file) + '\n';
  out += "    plugin_permissions: ";
  out += plugin.permissions == PluginPermissions::kStrict ? "strict\n" : "default\n";
  out += plugin.probe ? "    probe: on\n" : "    probe: off\n";
  out += dump_settings(plugin_settings(), plugin, "    ");
  out += "    on_failure: ";
  out += kOnFailure[static_cast<std::size_t>(plugin.on_failure)];
  out += '\n';
  if (!plugin.config.is_null()) out += "    config: " + flow(plugin.config) + '\n';
  return out;
}

std::string dump_control(const ControlSocket& control) {
  switch (control.kind) {
    case ControlSocket::Kind::kDefault:
      return {};
    case ControlSocket::Kind::kOff:
      return "off";
    case ControlSocket::Kind::kPath:
      return quoted(control.path);
  }
  return {};
}

template <class S>
std::string dump_map(std::span<const Setting<S>> settings, const S& source) {
  std::string text = "{";
  for (const Setting<S>& setting : settings) {
    text += text.size() == 1 ? " " : ", ";
    text += std::string(setting.name) + ": " + value_text(setting, source);
  }
  return text + " }";
}

template <class S>
void add_values(std::span<const Setting<S>> settings, const S& source, std::string_view section,
                KeyValues& values) {
  for (const Setting<S>& setting : settings) {
    values.emplace_back(std::string(section) + std::string(setting.name),
                        value_text(setting, source));
  }
}

}  // namespace

std::string dump(const Listener& listener) { return dump_listener(listener); }

KeyValues dump_values(const Configuration& configuration) {
  KeyValues values;
  add_values(timeout_settings(), configuration.timeouts, "timeouts.", values);
  add_values(limit_settings(), configuration.limits, "limits.", values);
  const Log& log = configuration.log;
  values.emplace_back("log.level", name_of(log.level));
  values.emplace_back("log.format", log.format == LogFormat::kJson ? "json" : "text");
  values.emplace_back("log.output", dump_target(log.output));
  values.emplace_back("log.access", dump_target(log.access));
  values.emplace_back("control", dump_control(configuration.control));
  add_values(top_level_settings(), configuration, "", values);
  values.emplace_back("watch", configuration.watch ? "true" : "false");
  values.emplace_back("on_crash", configuration.on_crash == OnCrash::kDrain ? "drain" : "abort");
  const Quarantine& quarantine = configuration.quarantine;
  values.emplace_back(
      "quarantine", quarantine.crashes == 0 ? "off" : dump_map(quarantine_settings(), quarantine));
  values.emplace_back("standby", configuration.standby ? "true" : "false");
  values.emplace_back("recycle", dump_map(recycle_settings(), configuration.recycle));
  const std::string user = configuration.user.text();
  values.emplace_back("user", user.empty() ? user : quoted(user));
  return values;
}

std::string dump(const Configuration& configuration) {
  std::string out = "listen:\n";
  for (const Listener& listener : configuration.listeners) out += dump_listener(listener);
  if (!configuration.plugins.empty()) out += "plugins:\n";
  for (const Plugin& plugin : configuration.plugins) out += dump_plugin(plugin);
  if (!configuration.routes.empty()) out += "routes:\n";
  for (const Route& route : configuration.routes) out += dump_route(route);
  std::string_view section;
  const KeyValues values = dump_values(configuration);
  for (const auto& [key, value] : values) {
    const std::string_view name(key);
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) {
      if (!value.empty()) out += key + ": " + value + '\n';
      continue;
    }
    if (name.substr(0, dot) != section) {
      section = name.substr(0, dot);
      out += std::string(section) + ":\n";
    }
    out += "  " + std::string(name.substr(dot + 1)) + ": " + value + '\n';
  }
  return out;
}

}  // namespace berth::config
