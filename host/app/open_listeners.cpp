#include "app/open_listeners.h"

#include <algorithm>
#include <string>
#include <utility>

#include "app/options.h"
#include "config/printable.h"

namespace berth::app {

namespace {

using Opened = base::Result<std::vector<net::Listener>, net::ListenError>;

Opened one(base::Result<net::Listener, net::ListenError> listener) {
  if (!listener) return base::fail(std::move(listener).error());
  std::vector<net::Listener> result;
  result.push_back(std::move(*listener));
  return result;
}

base::Failure<net::ListenError> unfit(base::Error error) {
  return base::fail(net::ListenError{error.code, std::move(error.text), {}});
}

Opened adopt_all(const config::Listener& entry, std::vector<base::Descriptor> descriptors) {
  std::vector<net::Listener> result;
  for (base::Descriptor& descriptor : descriptors) {
    auto listener = net::Listener::adopt(entry.name, descriptor.release());
    if (!listener) return base::fail(std::move(listener).error());
    result.push_back(std::move(*listener));
  }
  return result;
}

Opened take_named(const config::Listener& entry, net::InheritedSockets& inherited) {
  auto descriptors = inherited.take(entry.inherited);
  if (descriptors.empty()) descriptors = inherited.take(planned_name(entry.inherited));
  if (descriptors.empty()) {
    return base::fail(net::ListenError{base::ErrorCode::kNotFound,
                                       net::listener_text(entry.name) +
                                           ": no descriptor is named " +
                                           config::quote(entry.inherited),
                                       inherited.explain()});
  }
  return adopt_all(entry, std::move(descriptors));
}

Opened open(const config::Listener& entry, net::InheritedSockets& inherited,
            const std::optional<base::Identity>& user) {
  auto planned = inherited.take(planned_name(entry));
  if (!planned.empty()) return adopt_all(entry, std::move(planned));
  switch (entry.kind) {
    case config::Listener::Kind::kTcp: {
      auto options = listener_options(entry);
      return options ? one(net::Listener::open(*options)) : unfit(std::move(options).error());
    }
    case config::Listener::Kind::kUnix: {
      const auto as_user = base::AsUser::enter(user);
      if (!as_user) return unfit(as_user.error());
      auto options = unix_listener_options(entry);
      return options ? one(net::Listener::open(*options)) : unfit(std::move(options).error());
    }
    case config::Listener::Kind::kInherited:
      break;
  }
  return take_named(entry, inherited);
}

// "listener/public/127.0.0.1|8080": LISTEN_FDNAMES has a colon between names.
std::string without_colons(std::string text) {
  std::replace(text.begin(), text.end(), ':', '|');
  return text;
}

constexpr std::string_view kPlannedInherited = "inherited/";
constexpr std::string_view kPlannedListener = "listener/";

}  // namespace

std::string planned_name(const config::Listener& listener) {
  std::string place;
  switch (listener.kind) {
    case config::Listener::Kind::kTcp:
      place = listener.address.text();
      break;
    case config::Listener::Kind::kUnix:
      place = listener.unix_path;
      break;
    case config::Listener::Kind::kInherited:
      place = listener.inherited;
      break;
  }
  return without_colons(std::string(kPlannedListener) + listener.name + "/" + place);
}

std::string planned_name(std::string_view inherited) {
  return std::string(kPlannedInherited).append(inherited);
}

bool is_planned_listener(std::string_view name) noexcept {
  return name.starts_with(kPlannedListener);
}

std::string_view without_plan(std::string_view name) noexcept {
  if (name.starts_with(kPlannedInherited)) name.remove_prefix(kPlannedInherited.size());
  return name;
}

base::Result<std::vector<OpenListener>, std::vector<config::Diagnostic>> open_listeners(
    const config::Configuration& configuration, net::InheritedSockets& inherited,
    const std::optional<base::Identity>& user) {
  std::vector<OpenListener> result;
  std::vector<config::Diagnostic> findings;
  for (std::size_t index = 0; index < configuration.listeners.size(); ++index) {
    const config::Listener& entry = configuration.listeners[index];
    Opened opened = open(entry, inherited, user);
    if (!opened) {
      net::ListenError error = std::move(opened).error();
      findings.push_back({.position = entry.address_position,
                          .what = std::move(error.text),
                          .suggestion = {},
                          .help = std::move(error.help)});
      continue;
    }
    for (net::Listener& listener : *opened) result.push_back({index, std::move(listener)});
  }
  if (findings.empty()) return result;
  const auto as_user = base::AsUser::enter(user);
  result.clear();
  return base::fail(std::move(findings));
}

}  // namespace berth::app
