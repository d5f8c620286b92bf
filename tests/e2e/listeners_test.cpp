// Unix sockets and inherited descriptors of the real berth.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "e2e/golden.h"
#include "e2e/host.h"
#include "net/listener.h"

namespace berth::e2e {
namespace {

namespace fs = std::filesystem;

using test::RawClient;

constexpr std::string_view kUnix = R"(
listen:
  - { name: local, unix: ./http.sock, mode: "0600" }
)";

std::string with_rest(std::string_view listen) {
  return std::string(listen).append(kPlugins).append(kRoutes);
}

net::UnixAddress address(const std::string& text) { return net::UnixAddress::parse(text).value(); }

std::string hello(RawClient client) {
  client.send("GET /hello/you HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  return client.read_reply().body;
}

// A listening socket as systemd hands it down.
net::Listener listening(std::string_view text = "127.0.0.1:0") {
  net::ListenerOptions options;
  options.address = net::ListenAddress::parse(text).value();
  auto listener = net::Listener::open(options);
  EXPECT_TRUE(listener.ok());
  return std::move(*listener);
}

ChildOptions handed_down(std::vector<int> descriptors, const std::string& names = {}) {
  ChildOptions options;
  if (!names.empty()) options.environment["LISTEN_FDNAMES"] = names;
  options.descriptors = std::move(descriptors);
  return options;
}

TEST(UnixListener, ServesAndIsGoneAfterwards) {
  Host host(with_rest(kUnix));
  const std::string path = host.folder().path() + "/http.sock";
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(hello(RawClient(address(path))), "hello, you\n");
  const std::string log = host.stop();
  EXPECT_NE(log.find("listener=local address=unix:" + path), std::string::npos) << log;
  const std::string client = "unix:uid=" + std::to_string(::geteuid()) +
                             ",gid=" + std::to_string(::getegid()) +
                             ",pid=" + std::to_string(::getpid());
  EXPECT_TRUE(host.child().out().starts_with(client + " - - [")) << host.child().out();
  EXPECT_FALSE(fs::exists(path));
}

TEST(UnixListener, AnAbstractOneServes) {
  const std::string name = "@berth-e2e-" + std::to_string(::getpid());
  Host host(with_rest("listen: [{ name: a, unix: \"" + name + "\" }]\n"));
  EXPECT_EQ(hello(RawClient(address(name))), "hello, you\n");
}

TEST(UnixListener, WhatAKilledServerLeftIsReplaced) {
  const Folder folder;
  const std::string path = folder.path() + "/http.sock";
  const std::string configuration = with_rest("listen: [{ name: local, unix: " + path + " }]\n");
  {
    const std::string file = folder.write("berth.yaml", configuration);
    Child killed({BERTH_PROGRAM, "run", "--no-supervisor", "--allow-root", "-c", file},
                 folder.child_options());
    killed.wait_for("serving");
    killed.signal(SIGKILL);
    EXPECT_EQ(killed.wait(), 128 + SIGKILL);
  }
  EXPECT_TRUE(fs::is_socket(path));
  Host next(configuration);
  EXPECT_EQ(hello(RawClient(address(path))), "hello, you\n");
}

TEST(UnixListener, ALiveOneAndAFileAreRefusedAndLeftAlone) {
  Host first(with_rest(kUnix));
  const std::string path = first.folder().path() + "/http.sock";
  const Folder folder;
  std::ofstream(folder.path() + "/file.sock") << "precious";
  folder.write("berth.yaml", with_rest("listen:\n  - { name: live, unix: " + path +
                                       " }\n  - { name: file, unix: ./file.sock }\n"));
  const Outcome second = berth(folder, {"run", "--allow-root"});
  expect_golden("unix-refused.expected",
                replaced(replaced(transcript(second), first.folder().path(), "LIVE"), folder.path(),
                         "FOLDER"));
  EXPECT_EQ(hello(RawClient(address(path))), "hello, you\n");
  EXPECT_EQ(fs::file_size(folder.path() + "/file.sock"), 8U);
}

TEST(UnixListener, ValidateTouchesNoSocket) {
  Host host(with_rest(kUnix));
  const std::string path = host.folder().path() + "/http.sock";
  EXPECT_EQ(berth(host.folder(), {"validate"}).code, 0);
  EXPECT_EQ(hello(RawClient(address(path))), "hello, you\n");
  const Folder other;
  other.write("berth.yaml", with_rest(kUnix));
  EXPECT_EQ(berth(other, {"validate"}).code, 0);
  EXPECT_FALSE(fs::exists(other.path() + "/http.sock"));
}

constexpr std::string_view kProxied = R"(
listen:
  - { name: fields, address: "127.0.0.1:0", trusted_proxies: [127.0.0.0/8, "fd00::/8"] }
  - { name: rfc7239, address: "127.0.0.1:0", trusted_proxies: [127.0.0.1], proxy_fields: forwarded }
  - { name: header, address: "127.0.0.1:0", proxy_protocol: any, trusted_proxies: [127.0.0.1] }
  - { name: stranger, address: "127.0.0.1:0", proxy_protocol: v1, trusted_proxies: [10.0.0.0/8] }
plugins: { trouble: { file: TROUBLE } }
routes: [{ pattern: "/", handler: trouble.ends }]
)";

TEST(BehindProxies, HandlersAndTheAccessLogSeeTheClient) {
  Host host(replaced(std::string(kProxied), "TROUBLE", BERTH_TROUBLE_PLUGIN));
  const auto ask = [&](std::string_view listener, const std::string& header,
                       const std::string& fields) {
    RawClient client(host.port(listener));
    client.send(header + "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "Connection: close\r\n\r\n");
    return client.read_reply().body;
  };
  const std::string x_forwarded =
      "X-Forwarded-For: 1.1.1.1, 203.0.113.7\r\nX-Forwarded-Proto: https\r\n";
  const std::string forwarded = "Forwarded: for=\"[2001:db8::1]:4711\";proto=https\r\n";
  const std::string header = "PROXY TCP4 203.0.113.8 198.51.100.1 4711 443\r\n";
  EXPECT_TRUE(ask("fields", "", x_forwarded + forwarded)
                  .starts_with("client 203.0.113.7:0 https peer 127.0.0.1:"));
  EXPECT_TRUE(ask("rfc7239", "", x_forwarded + forwarded)
                  .starts_with("client [2001:db8::1]:4711 https peer 127.0.0.1:"));
  EXPECT_TRUE(ask("header", header, x_forwarded + forwarded)
                  .starts_with("client 203.0.113.8:4711 http peer 127.0.0.1:"));
  EXPECT_EQ(ask("header", "", ""), "");
  EXPECT_EQ(ask("stranger", header, ""), "");
  const std::string log = host.stop();
  EXPECT_NE(log.find("a connection is closed: it has to begin with a PROXY header listener=header"),
            std::string::npos)
      << log;
  EXPECT_EQ(log.find("listener=stranger error"), std::string::npos) << "at most once a minute";
  std::multiset<std::string> clients;  // lines of different threads have no order
  for (const std::string_view line : expect_printable_lines(host.child().out())) {
    clients.emplace(line.substr(0, line.find(' ')));
  }
  EXPECT_EQ(clients, (std::multiset<std::string>{"2001:db8::1", "203.0.113.7", "203.0.113.8"}));
}

constexpr std::string_view kActivated = R"(
listen:
  - { name: web, inherited: http }
  - { name: inside, inherited: "berth-admin.socket" }
)";

TEST(Inherited, DescriptorsServeByTheirNames) {
  const net::Listener one = listening();
  const net::Listener other = listening();
  const net::Listener inside = listening();
  const net::Listener unused = listening();
  Host host(with_rest(kActivated), handed_down({one.fd(), inside.fd(), other.fd(), unused.fd()},
                                               "http:berth-admin.socket:http:unused"));
  for (const net::Listener* listener : {&one, &other, &inside}) {
    EXPECT_EQ(hello(RawClient(listener->address().port())), "hello, you\n");
  }
  const std::string log = host.stop();
  EXPECT_NE(log.find("listener=inside address=" + inside.text()), std::string::npos) << log;
  EXPECT_NE(log.find("an inherited descriptor is closed: no listener names it name=unused"),
            std::string::npos)
      << log;
}

TEST(Inherited, APluginDoesNotSeeTheVariables) {
  const net::Listener web = listening();
  Host host(
      "listen: [{ name: web, inherited: http }]\n"
      "plugins: { trouble: { file: " BERTH_TROUBLE_PLUGIN
      " } }\n"
      "routes: [{ pattern: \"/{name}\", handler: trouble.environment }]\n",
      handed_down({web.fd()}, "http"));
  RawClient client(web.address().port());
  for (const std::string name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    client.send("GET /" + name + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "not set") << name;
  }
  client.send("GET /STATE_DIRECTORY HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(client.read_reply().body, "not set");
}

TEST(Inherited, AUnixPathOfTheParentStays) {
  const Folder folder;
  const std::string path = folder.path() + "/http.sock";
  const auto parent =
      net::Listener::open(net::UnixListenerOptions{.name = {}, .address = address(path)});
  ASSERT_TRUE(parent.ok());
  {
    Host host(with_rest("listen: [{ name: web, inherited: unknown }]\n"),
              handed_down({parent->fd()}));
    EXPECT_EQ(hello(RawClient(address(path))), "hello, you\n");
  }
  EXPECT_TRUE(fs::is_socket(path));
}

TEST(Inherited, WhatIsMissingOrNoListenerIsRefusedWithTheNamesThereAre) {
  const Folder folder;
  folder.write("berth.yaml", with_rest(kActivated));
  expect_golden("inherited-none.expected", transcript(berth(folder, {"run", "--allow-root"})));
  const base::Descriptor plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const net::Listener good = listening();
  ChildOptions options = folder.child_options();
  options.environment["LISTEN_FDNAMES"] = "http:other";
  options.descriptors = {plain.get(), good.fd()};
  const Outcome outcome = run({BERTH_PROGRAM, "run", "--allow-root", "-c", "berth.yaml"}, options);
  expect_golden("inherited-wrong.expected", transcript(outcome));
}

}  // namespace
}  // namespace berth::e2e
