#include "config/restart.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/schema.h"
#include "config/settings.h"

namespace berth::config {
namespace {

constexpr std::string_view kListen = "listen:\n  - { name: a, address: ':8080' }\n";

Configuration parse(const std::string& text) {
  Loaded loaded = load_text("berth.yaml", text);
  EXPECT_TRUE(loaded.configuration.has_value()) << text << loaded.diagnostics.render();
  return loaded.configuration.value_or(Configuration());
}

// The findings as "line:column what", one a line.
std::string findings(const std::string& running, const std::string& next) {
  std::string out;
  for (const Diagnostic& found : restart_findings(parse(running), parse(next))) {
    EXPECT_EQ(found.severity, Severity::kError);
    EXPECT_EQ(found.position.file, "berth.yaml");
    EXPECT_FALSE(found.help.empty());
    if (found.position.line != 0) {
      out +=
          std::to_string(found.position.line) + ":" + std::to_string(found.position.column) + " ";
    }
    out += found.what + "\n";
  }
  return out;
}

// A change of one key, both texts whole but for the `listen` in front.
struct Change {
  std::string key;
  Takes takes;
  std::string before;
  std::string after;
};

Change in(const char* section, const char* key, Takes takes, const char* value) {
  const std::string name(key);
  return {std::string(section) + "." + name, takes, "",
          std::string(section) + ": { " + name + ": " + value + " }\n"};
}

std::vector<Change> changes() {
  constexpr Takes kNo = Takes::kRestart;
  constexpr Takes kYes = Takes::kReload;
  const std::string plugins = "plugins: { p: { file: p.so } }\n";
  return {
      {"plugins", kYes, "", plugins},
      {"plugin_permissions", kYes, plugins, plugins + "plugin_permissions: strict\n"},
      {"routes", kYes, plugins, plugins + "routes: [{ pattern: /, handler: p }]\n"},
      {"control", kNo, "", "control: /run/c.sock\n"},
      {"generations", kNo, "", "generations: 6\n"},
      {"watch", kNo, "watch: true\n", ""},
      {"on_crash", kYes, "", "on_crash: abort\n"},
      {"quarantine", kYes, "", "quarantine: { crashes: 4, within: 60s }\n"},
      {"recycle", kYes, "", "recycle: { age: 1h }\n"},
      {"standby", kNo, "", "standby: true\n"},
      {"user", kNo, "", "user: www-data\n"},
      in("timeouts", "header", kNo, "11s"),
      in("timeouts", "body_grace", kNo, "21s"),
      in("timeouts", "write_stall", kNo, "31s"),
      in("timeouts", "idle", kNo, "61s"),
      in("timeouts", "linger", kNo, "501ms"),
      in("timeouts", "handler", kYes, "none"),
      in("timeouts", "drain_delay", kYes, "1s"),
      in("timeouts", "shutdown", kYes, "31s"),
      in("timeouts", "drain", kYes, "31s"),
      in("timeouts", "probe", kYes, "31s"),
      in("limits", "header_block", kNo, "33KiB"),
      in("limits", "header_fields", kNo, "101"),
      in("limits", "target", kNo, "9KiB"),
      in("limits", "chunk_line", kNo, "5KiB"),
      in("limits", "chunk_excess", kNo, "17KiB"),
      in("limits", "body", kYes, "2MiB"),
      in("limits", "body_rate", kNo, "501B/s"),
      in("limits", "unread_body", kNo, "257KiB"),
      in("limits", "unsent", kNo, "257KiB"),
      in("limits", "read_buffer", kNo, "65KiB"),
      in("limits", "connections", kNo, "10001"),
      in("limits", "threads", kNo, "65"),
      in("limits", "client_waits", kNo, "31"),
      in("limits", "buffered", kNo, "257MiB"),
      in("log", "level", kNo, "debug"),
      in("log", "format", kNo, "json"),
      in("log", "output", kNo, "stdout"),
      in("log", "access", kNo, "off"),
  };
}

// Of a listener: every key takes a restart.
struct ListenerChange {
  std::string key;
  std::string before;
  std::string after;
};

std::vector<ListenerChange> listener_changes() {
  const std::string tcp = "address: ':80'";
  const std::string unix_socket = "unix: /run/u";
  return {
      {"name", tcp, tcp},  // replaced below
      {"address", tcp, "address: ':81'"},
      {"unix", unix_socket, "unix: /run/v"},
      {"mode", unix_socket, unix_socket + ", mode: '0600'"},
      {"inherited", tcp, "inherited: x"},
      {"health", tcp, tcp + ", health: true"},
      {"values", tcp, tcp + ", values: { a: b }"},
      {"proxy_protocol", tcp, tcp + ", proxy_protocol: v1"},
      {"trusted_proxies", tcp, tcp + ", trusted_proxies: [10.0.0.1]"},
      {"proxy_fields", tcp + ", trusted_proxies: [10.0.0.1]",
       tcp + ", trusted_proxies: [10.0.0.1], proxy_fields: forwarded"},
      {"socket", tcp, tcp + ", socket: { backlog: 5 }"},
      {"socket.reuse_port", tcp, tcp + ", socket: { reuse_port: true }"},
      {"socket.only_ipv6", tcp, tcp + ", socket: { only_ipv6: true }"},
      {"socket.defer_accept", tcp, tcp + ", socket: { defer_accept: true }"},
      {"socket.freebind", tcp, tcp + ", socket: { freebind: true }"},
      {"socket.backlog", tcp, tcp + ", socket: { backlog: 5 }"},
      {"socket.receive_buffer", tcp, tcp + ", socket: { receive_buffer: 8KiB }"},
      {"socket.send_buffer", tcp, tcp + ", socket: { send_buffer: 8KiB }"},
  };
}

TEST(Restart, EachKeyOfTheSchemaIsKnownToTakeAReloadOrARestart) {
  std::set<std::string> schema;
  const std::set<std::string_view> elsewhere{"listen", "timeouts", "limits", "log", "include"};
  for (const Key& key : top_level_keys()) {
    if (!elsewhere.contains(key.name)) schema.emplace(key.name);
  }
  for (const auto& setting : top_level_settings()) schema.emplace(setting.name);
  for (const auto& setting : timeout_settings()) {
    schema.insert("timeouts." + std::string(setting.name));
  }
  for (const auto& setting : limit_settings()) schema.insert("limits." + std::string(setting.name));
  for (const Key& key : log_keys()) schema.insert("log." + std::string(key.name));
  std::set<std::string> tested;
  for (const Change& change : changes()) {
    tested.insert(change.key);
    const std::string name = change.key.substr(change.key.rfind('.') + 1);
    const std::string found =
        findings(std::string(kListen) + change.before, std::string(kListen) + change.after);
    EXPECT_EQ(takes(change.key), change.takes) << change.key;
    if (change.takes == Takes::kReload) {
      EXPECT_EQ(found, "") << change.key;
    } else {
      EXPECT_NE(found.find("a reload cannot change `" + change.key + "` from "), found.npos)
          << change.key << ": " << found;
    }
  }
  EXPECT_EQ(tested, schema);
}

TEST(Restart, EachKeyOfAListenerTakesARestart) {
  std::set<std::string> schema;
  for (const Key& key : listener_keys()) {
    if (key.status != Key::Status::kLater) schema.emplace(key.name);
  }
  for (const auto& setting : socket_settings()) {
    schema.insert("socket." + std::string(setting.name));
  }
  for (const char* const option : {"reuse_port", "only_ipv6", "defer_accept", "freebind"}) {
    schema.insert("socket." + std::string(option));
  }
  std::set<std::string> tested;
  for (const ListenerChange& change : listener_changes()) {
    tested.insert(change.key);
    EXPECT_EQ(takes("listen[]." + change.key), Takes::kRestart);
    const std::string after = change.key == "name" ? "b" : "a";
    const std::string found =
        findings("listen:\n  - { name: a, " + change.before + " }\n",
                 "listen:\n  - { name: " + after + ", " + change.after + " }\n");
    EXPECT_EQ(found, change.key == "name" ? "2:13 a reload cannot open the listener \"b\"\n"
                                            "2:3 a reload cannot close the listener \"a\"\n"
                                          : "2:13 a reload cannot change the listener \"a\"\n")
        << change.key;
  }
  EXPECT_EQ(tested, schema);
}

TEST(Restart, ValuesAreComparedAndNotSpellings) {
  const std::string listen(kListen);
  EXPECT_EQ(findings(listen + "timeouts: { idle: 60s }\n",
                     "log: { output: stderr }\nwatch: false\ntimeouts: { idle: 1m }\n" + listen),
            "");
  EXPECT_EQ(findings("listen: [{ name: a, address: ':1' }, { name: b, address: ':2' }]\n",
                     "listen:\n  - { address: ':2', name: b, socket: {} }\n"
                     "  - { name: a, address: ':1' }\n"),
            "");
  EXPECT_EQ(findings(listen + "control: ./x/../c.sock\n", listen + "control: ./c.sock\n"), "");
}

TEST(Restart, AFindingStandsAtTheNewValueOrWhereItWouldStand) {
  const std::string listen(kListen);
  EXPECT_EQ(findings(listen + "limits: { threads: 8, body: 1KiB }\n",
                     listen + "limits:\n  body: 2KiB\n  threads: 16\n"),
            "5:12 a reload cannot change `limits.threads` from 8 to 16\n");
  EXPECT_EQ(findings(listen + "limits: { connections: 8 }\n", listen + "limits: { body: 1KiB }\n"),
            "3:9 a reload cannot change `limits.connections` from 8 to 10000\n");
  EXPECT_EQ(findings(listen + "generations: 8\n", listen),
            "a reload cannot change `generations` from 8 to 5\n");
  EXPECT_EQ(findings(listen, listen + "control: off\n"),
            "3:10 a reload cannot change `control` from its default to off\n");
}

TEST(Restart, ANumberThatOnlyFollowsAnotherIsNotNamed) {
  const std::string listen(kListen);
  EXPECT_EQ(findings(listen + "limits: { header_block: 4KiB, threads: 8 }\n",
                     listen + "limits: { header_block: 2KiB, threads: 4 }\n"),
            "3:25 a reload cannot change `limits.header_block` from 4KiB to 2KiB\n"
            "3:40 a reload cannot change `limits.threads` from 8 to 4\n");
  EXPECT_EQ(findings(listen + "limits: { threads: 8, client_waits: 3 }\n",
                     listen + "limits: { threads: 8 }\n"),
            "3:9 a reload cannot change `limits.client_waits` from 3 to 4\n");
}

TEST(Restart, WhatIsNotKnownIsNotReloaded) {
  EXPECT_EQ(takes("anything"), Takes::kRestart);
  EXPECT_EQ(takes("timeouts.new"), Takes::kRestart);
  EXPECT_EQ(takes("plugins.NAME.config"), Takes::kReload);
  EXPECT_EQ(takes("routes[].with[].config"), Takes::kReload);
}

}  // namespace
}  // namespace berth::config
