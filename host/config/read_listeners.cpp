#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "config/address.h"
#include "config/printable.h"
#include "config/schema.h"
#include "config/settings.h"

namespace berth::config {

namespace {

// Listeners in a file: each is a descriptor in every loop, and pairs are compared.
constexpr std::size_t kListeners = 256;

constexpr std::array<Key, 7> kListenerKeys{{
    {"name", Key::Status::kRequired, "write name: public, or any other name"},
    {"address", Key::Status::kRequired, "write address: \":8080\""},
    {"socket"},
    {"unix", Key::Status::kLater, "listen on a TCP address"},
    {"mode", Key::Status::kLater},
    {"inherited", Key::Status::kLater, "listen on a TCP address"},
    {"http2", Key::Status::kLater, "leave it out: HTTP/1.1 is served"},
}};
constexpr Key kTls{"tls", Key::Status::kLater, "end TLS in front of berth"};

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

SocketOptions read_socket(const Node& node, TcpAddress::Family family, Report& report) {
  std::vector<Key> keys;
  for (const Switch& option : kSwitches) keys.push_back(Key{option.name});
  for (const auto& setting : socket_settings()) keys.push_back(Key{setting.name});
  const Section section(node, "`socket`", keys, report);

  SocketOptions options;
  apply(socket_settings(), section, options, report);
  for (const Switch& option : kSwitches) {
    const Node* const value = section.get(option.name);
    if (value != nullptr) options.*option.member = report.take(value->as_bool()).value_or(false);
  }
  if (options.only_ipv6 && family == TcpAddress::Family::kIpv4) {
    report.error(section.get("only_ipv6")->position(),
                 "`only_ipv6` does not go with an IPv4 address", "leave it out");
  }
  return options;
}

Listener read_listener(const Node& node, Report& report) {
  std::vector<Key> keys(kListenerKeys.begin(), kListenerKeys.end());
  // A listener named by a later key has that as its address: its absence is no second mistake.
  const bool other_kind = node.find("unix") != nullptr || node.find("inherited") != nullptr;
  if (other_kind) keys[1].status = Key::Status::kOptional;
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
  if (const auto text = section.string("address", report)) {
    listener.address_position = section.get("address")->position();
    auto address = parse_address(*text);
    if (address) {
      listener.address = std::move(*address);
    } else {
      report.error(listener.address_position, address.error().what, address.error().help);
    }
  }
  if (const Node* const socket = section.get("socket")) {
    listener.socket = read_socket(*socket, listener.address.family, report);
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

}  // namespace

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
  return listeners;
}

}  // namespace berth::config
