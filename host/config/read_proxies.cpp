// The keys of a listener that has proxies in front of it.
#include <array>
#include <set>
#include <string>
#include <utility>

#include "config/network.h"
#include "config/printable.h"
#include "config/schema.h"

namespace berth::config {

namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 3> kProtocols{"v1", "v2", "any"};
constexpr std::array<std::string_view, 2> kFields{"x-forwarded", "forwarded"};

void read_networks(const Node& node, Listener& listener, Report& report) {
  std::set<std::string> seen;
  for_each_item(node, "`trusted_proxies`", report, [&](const Node& item) {
    const auto text = report.take(item.as_string());
    if (!text) return;
    auto network = parse_network(*text);
    if (!network) {
      const Misspelling& wrong = network.error();
      return report.error(item.position(), wrong.what, wrong.help, wrong.suggestion);
    }
    if (!seen.insert(network->text()).second) {
      return report.error(item.position(), quote(*text) + " stands twice");
    }
    listener.trusted_proxies.push_back(std::move(*network));
  });
  if (node.is_list() && node.size() == 0) {
    report.error(node.position(), "`trusted_proxies` names nobody",
                 "leave it out to trust no proxy");
  }
  // Who connects is none of the others: nobody would be trusted.
  if (listener.kind == Listener::Kind::kUnix && !seen.empty() && !seen.contains("unix")) {
    report.error(node.position(), "`trusted_proxies` of a Unix socket has to name `unix`",
                 "every client of it connects as unix; add that to the list");
  }
}

}  // namespace

void read_proxies(const Section& section, Listener& listener, Report& report) {
  if (const Node* const node = section.get("proxy_protocol")) {
    if (const auto index = choose(*node, kProtocols, report)) {
      listener.proxy_protocol = static_cast<ProxyProtocol>(*index);
    }
  }
  const Node* const trusted = section.get("trusted_proxies");
  if (trusted != nullptr) read_networks(*trusted, listener, report);
  if (const Node* const node = section.get("proxy_fields")) {
    if (const auto index = choose(*node, kFields, report)) {
      listener.proxy_fields = static_cast<ProxyFields>(*index);
    }
    if (trusted == nullptr && section.misses("trusted_proxies")) {
      report.error(node->position(), "`proxy_fields` without `trusted_proxies`",
                   "name the proxies whose fields are believed: trusted_proxies: [10.0.0.0/8]");
    }
  }
}

}  // namespace berth::config
