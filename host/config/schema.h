// What the sections of berth.yaml mean: from nodes to the structs of configuration.h. Each function
// reports everything that is wrong in its section and returns what it could read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/configuration.h"
#include "config/node.h"
#include "config/section.h"

namespace berth::config {

[[nodiscard]] std::vector<Listener> read_listeners(const Node& node, Report& report);
// proxy_protocol, trusted_proxies and proxy_fields of a listener whose kind is known.
void read_proxies(const Section& section, Listener& listener, Report& report);
// Aliases keep the file's order. `defaults` gives what a plugin leaves out: permissions and drain.
[[nodiscard]] std::vector<Plugin> read_plugins(const Node& node, const Plugin& defaults,
                                               Report& report);
[[nodiscard]] PluginPermissions read_permissions(const Node& node, Report& report);
// `defaults` gives what a route leaves out: timeout and max_body.
[[nodiscard]] std::vector<Route> read_routes(const Node& node, const Route& defaults,
                                             Report& report);
// listen[].values: in the file's order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_values(const Node& node,
                                                                           Report& report);
[[nodiscard]] Log read_log(const Node& node, Report& report);
[[nodiscard]] ControlSocket read_control(const Node& node, Report& report);
[[nodiscard]] User read_user(const Node& node, Report& report);
// Whether the path (or the abstract name, without its "@") of a Unix socket fits in an address of
// Linux; else that is reported at `position`.
[[nodiscard]] bool fits_unix_address(std::string_view path, const base::SourcePosition& position,
                                     Report& report);

// The whole file. Also checks what has to hold between sections: handlers name plugins, routes name
// listeners, every plugin is used (a warning).
[[nodiscard]] Configuration read_configuration(const Node& root, std::string_view file,
                                               Report& report);

// The keys of sections that are in no table of settings.h. Static storage.
[[nodiscard]] std::span<const Key> top_level_keys() noexcept;
[[nodiscard]] std::span<const Key> listener_keys() noexcept;
[[nodiscard]] std::span<const Key> log_keys() noexcept;

// Whether `text` may name a plugin, a kind or a listener: letters, digits, _ and -, 1 to 64 bytes.
[[nodiscard]] bool is_name(std::string_view text) noexcept;
inline constexpr std::string_view kNameHelp = "a name has letters, digits, _ and -, at most 64";

}  // namespace berth::config
