#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "config/address.h"
#include "config/load.h"
#include "config/printable.h"
#include "config/schema.h"
#include "config/settings.h"

namespace berth::config {

namespace {

// Listeners in a file: each is a descriptor in every loop, and pairs are compared.
constexpr std::size_t kListeners = 256;

constexpr std::size_t kLongestInherited = 255;  // sd_listen_fds_with_names(3)

constexpr std::array<Key, 12> kListenerKeys{{
    {"name", Key::Status::kRequired, "write name: public, or any other name"},
    {"address"},
    {"unix"},
    {"mode"},
    {"inherited"},
    {"socket"},
    {"health"},
    {"values"},
    {"proxy_protocol"},
    {"trusted_proxies"},
    {"proxy_fields"},
    {"http2", Key::Status::kLater, "leave it out: HTTP/1.1 is served"},
}};
constexpr Key kTls{"tls", Key::Status::kLater, "end TLS in front of berth"};
// In the order of Listener::Kind. A listener has one of them.
constexpr std::array<std::string_view, 3> kKinds{"address", "unix", "inherited"};
constexpr std::string_view kKindsHelp =
    "write address: \":8080\", unix: /run/berth/http.sock or inherited: NAME";

struct Switch {
  std::string_view name;
  bool SocketOptions::*member;
};
constexpr std::array<Switch, 4> kSwitches{{
    {"reuse_port", &SocketOptions::reuse_port},
    {"only_ipv6", &SocketOptions::only_ipv6},
    {"defer_accept", &SocketOptions::defer_accept},
    {"freebind", &SocketOptions::freebind},
}};

SocketOptions read_socket(const Node& node, const Listener& listener, Report& report) {
  std::vector<Key> keys;
  for (const Switch& option : kSwitches) keys.push_back(Key{option.name});
  for (const auto& setting : socket_settings()) keys.push_back(Key{setting.name});
  const Section section(node, "`socket`", keys, report);

  SocketOptions options;
  if (listener.kind == Listener::Kind::kUnix) {
    // A connection accepted from a Unix socket has buffer sizes of its own, so those go, too.
    for (const Key& key : keys) {
      if (key.name == "backlog" || section.get(key.name) == nullptr) continue;
      report.error(section.get(key.name)->position(),
                   "`" + std::string(key.name) + "` does not go with a Unix socket",
                   "leave it out: a Unix socket has `backlog` alone");
    }
  }
  apply(socket_settings(), section, options, report);
  for (const Switch& option : kSwitches) {
    const Node* const value = section.get(option.name);
    if (value != nullptr) options.*option.member = report.take(value->as_bool()).value_or(false);
  }
  if (listener.kind == Listener::Kind::kTcp && options.only_ipv6 &&
      listener.address.family == TcpAddress::Family::kIpv4) {
    report.error(section.get("only_ipv6")->position(),
                 "`only_ipv6` does not go with an IPv4 address", "leave it out");
  }
  return options;
}

void read_address(const std::string& text, Listener& listener, Report& report) {
  auto address = parse_address(text);
  if (address) {
    listener.address = std::move(*address);
  } else {
    report.error(listener.address_position, address.error().what, address.error().help);
  }
}

void read_unix(const std::string& text, Listener& listener, Report& report) {
  const bool abstract = text.starts_with('@');
  if (text == "@" || (!abstract && text.find('/') == std::string::npos) || text.ends_with('/')) {
    return report.error(listener.address_position, quote(text) + " is not the path of a socket",
                        "write a path with a / in it, such as ./http.sock, or @name for an "
                        "abstract one");
  }
  std::string path = abstract ? text : resolve_path(folder_of(listener.position.file), text);
  const std::string_view counted = std::string_view(path).substr(abstract ? 1 : 0);
  if (!fits_unix_address(counted, listener.address_position, report)) return;
  listener.unix_path = std::move(path);
}

void read_inherited(const std::string& text, Listener& listener, Report& report) {
  const bool valid =
      text.size() <= kLongestInherited &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
  if (valid) {
    listener.inherited = text;
    return;
  }
  report.error(listener.address_position, quote(text) + " is not the name of a descriptor",
               "write what FileDescriptorName= of the systemd socket unit says");
}

void read_mode(const Node& node, Listener& listener, Report& report) {
  if (listener.kind != Listener::Kind::kUnix || listener.is_abstract()) {
    return report.error(node.position(), "`mode` belongs to the path of a Unix socket",
                        "leave it out: only `unix` with a path makes a file");
  }
  const auto text = report.take(node.as_string());
  if (!text) return;
  const bool valid = text->size() == 4 && text->front() == '0' &&
                     text->find_first_not_of("01234567") == std::string_view::npos;
  if (!valid) {
    return report.error(node.position(), quote(*text) + " is not a mode",
                        "write a 0 and three octal digits, such as \"0660\"");
  }
  unsigned mode = 0;
  for (const char digit : *text) mode = mode * 8 + static_cast<unsigned>(digit - '0');
  listener.mode = static_cast<std::uint16_t>(mode);
}

// Which of the keys that say where it listens stands there; reports none and more than one.
void read_place(const Node& node, const Section& section, Listener& listener, Report& report) {
  const Node* first = nullptr;
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    const Node* const value = section.get(kKinds[i]);
    if (value == nullptr) continue;
    if (first != nullptr) {
      report.error(value->position(),
                   "`" + std::string(kKinds[i]) + "` beside `" +
                       std::string(kKinds[static_cast<std::size_t>(listener.kind)]) + "`",
                   "make a listener of its own of it");
      continue;
    }
    first = value;
    listener.kind = static_cast<Listener::Kind>(i);
    listener.address_position = value->position();
  }
  if (first == nullptr) {
    const bool said = std::any_of(kKinds.begin(), kKinds.end(), [&section](std::string_view key) {
      return !section.misses(key);
    });
    if (said) return;
    return report.error(node.position(),
                        "a listener needs one of the keys address, unix, inherited",
                        std::string(kKindsHelp));
  }
  const auto text = section.string(kKinds[static_cast<std::size_t>(listener.kind)], report);
  if (!text) return;
  switch (listener.kind) {
    case Listener::Kind::kTcp:
      return read_address(*text, listener, report);
    case Listener::Kind::kUnix:
      return read_unix(*text, listener, report);
    case Listener::Kind::kInherited:
      return read_inherited(*text, listener, report);
  }
}

Listener read_listener(const Node& node, Report& report) {
  std::vector<Key> keys(kListenerKeys.begin(), kListenerKeys.end());
  keys.push_back(kTls);
  const Section section(node, "a listener", keys, report);

  Listener listener;
  listener.position = node.position();
  listener.address_position = node.position();
  if (auto name = section.string("name", report)) {
    listener.position = section.get("name")->position();
    if (is_name(*name)) {
      listener.name = std::move(*name);
    } else {
      report.error(listener.position, quote(*name) + " is not a name", std::string(kNameHelp));
    }
  }
  read_place(node, section, listener, report);
  if (const Node* const health = section.get("health")) {
    listener.health = report.take(health->as_bool()).value_or(false);
  }
  if (const Node* const values = section.get("values")) {
    listener.values = read_values(*values, report);
  }
  read_proxies(section, listener, report);
  if (const Node* const mode = section.get("mode")) read_mode(*mode, listener, report);
  if (const Node* const socket = section.get("socket")) {
    if (listener.kind == Listener::Kind::kInherited) {
      report.error(socket->position(), "`socket` does not go with `inherited`",
                   "leave it out: whoever made the socket has set its options");
    } else {
      listener.socket = read_socket(*socket, listener, report);
    }
  }
  return listener;
}

void refuse_duplicate_names(const std::vector<Listener>& listeners, Report& report) {
  std::map<std::string_view, const Listener*> first;
  for (const Listener& listener : listeners) {
    if (listener.name.empty()) continue;
    const auto [found, is_new] = first.emplace(listener.name, &listener);
    if (is_new) continue;
    report.error(listener.position, "two listeners have the name " + quote(listener.name),
                 "the first is at " + found->second->position.text());
  }
}

void refuse_overlaps(const std::vector<Listener>& listeners, Report& report) {
  std::multimap<std::uint16_t, const Listener*> by_port;
  for (const Listener& listener : listeners) {
    if (listener.kind != Listener::Kind::kTcp) continue;
    const auto [begin, end] = by_port.equal_range(listener.address.port);
    const auto other = std::find_if(begin, end, [&listener](const auto& entry) {
      const Listener& earlier = *entry.second;
      const bool shared = earlier.socket.reuse_port && listener.socket.reuse_port;
      return !shared && overlap(earlier, listener);
    });
    if (other == end) {
      by_port.emplace(listener.address.port, &listener);
      continue;
    }
    const Listener& earlier = *other->second;
    const std::string mine = listener.address.text();
    const std::string theirs = earlier.address.text();
    report.error(listener.address_position,
                 mine == theirs ? "two listeners have the address " + mine
                                : "the address " + mine + " is a part of " + theirs,
                 "the other is at " + earlier.address_position.text());
  }
}

// Two listeners at one Unix socket, or with one inherited name.
void refuse_same_places(const std::vector<Listener>& listeners, Report& report) {
  std::map<std::string, const Listener*> seen;
  for (const Listener& listener : listeners) {
    if (listener.kind == Listener::Kind::kTcp) continue;
    const bool is_unix = listener.kind == Listener::Kind::kUnix;
    const std::string& place = is_unix ? listener.unix_path : listener.inherited;
    if (place.empty()) continue;  // reported already
    const bool is_path = is_unix && !listener.is_abstract();
    const std::string key =
        (is_unix ? "unix:" : "inherited:") +
        (is_path ? std::filesystem::path(place).lexically_normal().string() : place);
    const auto [other, is_new] = seen.emplace(key, &listener);
    if (is_new) continue;
    report.error(listener.address_position,
                 is_unix ? "two listeners have the Unix socket " + quote(place)
                         : "two listeners take the inherited descriptor " + quote(place),
                 "the other is at " + other->second->address_position.text());
  }
}

}  // namespace

std::span<const Key> listener_keys() noexcept { return kListenerKeys; }

std::vector<Listener> read_listeners(const Node& node, Report& report) {
  std::vector<Listener> listeners;
  if (node.is_list() && node.size() > kListeners) {
    report.error(node.position(), "`listen` has " + std::to_string(node.size()) + " listeners",
                 "at most " + std::to_string(kListeners));
    return listeners;
  }
  for_each_item(node, "`listen`", report, [&listeners, &report](const Node& item) {
    listeners.push_back(read_listener(item, report));
  });
  if (node.is_list() && listeners.empty()) {
    report.error(node.position(), "`listen` names no listener", "a server needs at least one");
  }
  refuse_duplicate_names(listeners, report);
  refuse_overlaps(listeners, report);
  refuse_same_places(listeners, report);
  return listeners;
}

}  // namespace berth::config
