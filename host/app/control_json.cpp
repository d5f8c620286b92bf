#include "app/control_json.h"

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <chrono>
#include <cstddef>
#include <sstream>

#include "config/printable.h"

namespace berth::app {

namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Paths and what plugins write may be any bytes.
std::string utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    char32_t code_point = 0;
    const std::size_t length = config::decode_utf8(text, code_point);
    valid += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

Object::Ptr object() { return new Object(Poco::JSON_PRESERVE_KEY_ORDER); }

Poco::Int64 milliseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Poco::Int64 microseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

Array::Ptr texts(const std::vector<std::string>& values) {
  Array::Ptr result = new Array;
  for (const std::string& value : values) result->add(utf8(value));
  return result;
}

template <class T, class Convert>
Array::Ptr list(const std::vector<T>& values, Convert convert) {
  Array::Ptr result = new Array;
  for (const T& value : values) result->add(convert(value));
  return result;
}

Object::Ptr of_plugin(const PluginReport& plugin) {
  Object::Ptr result = object();
  result->set("alias", utf8(plugin.alias));
  result->set("file", utf8(plugin.file));
  result->set("outcome", std::string(text_of(plugin.outcome)));
  result->set("version", utf8(plugin.version));
  result->set("build_id", utf8(plugin.build_id));
  result->set("previous_build_id", utf8(plugin.previous_build_id));
  result->set("reason", utf8(plugin.reason));
  result->set("took_us", microseconds(plugin.took));
  result->set("unload_blockers", texts(plugin.unload_blockers));
  return result;
}

std::string text_of_kind(RouteChange::Kind kind) {
  switch (kind) {
    case RouteChange::Kind::kAdded:
      return "added";
    case RouteChange::Kind::kRemoved:
      return "removed";
    case RouteChange::Kind::kChanged:
      break;
  }
  return "changed";
}

Object::Ptr of_route(const RouteChange& route) {
  Object::Ptr result = object();
  result->set("change", text_of_kind(route.kind));
  result->set("pattern", utf8(route.pattern));
  result->set("what", texts(route.what));
  return result;
}

Object::Ptr of_hold(const Hold& hold) {
  Object::Ptr result = object();
  result->set("kind", utf8(hold.kind));
  result->set("plugin", utf8(hold.plugin));
  result->set("what", utf8(hold.what));
  result->set("count", Poco::UInt64(hold.count));
  Poco::Dynamic::Var age;
  if (hold.age) age = milliseconds(*hold.age);
  result->set("age_ms", age);
  return result;
}

Object::Ptr of_generation(const GenerationInfo& generation) {
  Object::Ptr result = object();
  result->set("number", Poco::UInt64(generation.number));
  result->set("state", std::string(text_of(generation.state)));
  result->set("origin", utf8(generation.origin));
  result->set("made_at", Poco::Int64(generation.made_at));
  result->set("can_roll_back_to", generation.can_roll_back_to);
  result->set("plugins", list(generation.plugins, of_plugin));
  result->set("holds", list(generation.holds, of_hold));
  return result;
}

Object::Ptr of_stuck_call(const StuckCall& call) {
  Object::Ptr result = object();
  result->set("plugin", utf8(call.plugin));
  result->set("route", utf8(call.route));
  result->set("request_id", utf8(call.request_id));
  result->set("thread", Poco::Int64(call.thread));
  result->set("age_ms", milliseconds(call.age));
  return result;
}

Object::Ptr of_pin(const PinInfo& pin) {
  Object::Ptr result = object();
  result->set("alias", utf8(pin.alias));
  result->set("build_id", utf8(pin.build_id));
  return result;
}

Object::Ptr of_fallback(const FallbackInfo& fallback) {
  Object::Ptr result = object();
  result->set("route", utf8(fallback.route));
  result->set("handler", utf8(fallback.handler));
  return result;
}

std::string written(const Object& value) {
  std::ostringstream out;
  value.stringify(out);
  return out.str();
}

}  // namespace

std::string to_json(const ReloadReport& report) {
  Object::Ptr result = object();
  result->set("done", report.done);
  result->set("dry_run", report.dry_run);
  result->set("refused", utf8(report.refused));
  result->set("generation", Poco::UInt64(report.generation));
  result->set("previous", Poco::UInt64(report.previous));
  result->set("origin", utf8(report.origin));
  result->set("plugins", list(report.plugins, of_plugin));
  result->set("routes", list(report.routes, of_route));
  result->set("diagnostics", utf8(report.diagnostics));
  result->set("took_us", microseconds(report.took));
  return written(*result);
}

std::string to_json(const ServerStatus& status) {
  Object::Ptr result = object();
  result->set("version", utf8(status.version));
  result->set("pid", Poco::Int64(status.pid));
  result->set("supervisor", Poco::Int64(status.supervisor));
  result->set("standby", utf8(status.standby));
  result->set("configuration", utf8(status.configuration));
  result->set("started_at", Poco::Int64(status.started_at));
  result->set("stopping", status.stopping);
  result->set("last_good_because", utf8(status.last_good_because));
  result->set("last_refused", utf8(status.last_refused));
  result->set("generation", of_generation(status.generation));
  result->set("draining", list(status.draining, of_generation));
  result->set("routes", Poco::UInt64(status.routes));
  result->set("fallbacks", list(status.fallbacks, of_fallback));
  result->set("listeners", texts(status.listeners));
  result->set("pins", list(status.pins, of_pin));
  result->set("retired_images", Poco::UInt64(status.retired_images));
  result->set("reloads", Poco::UInt64(status.reloads));
  result->set("reloads_refused", Poco::UInt64(status.reloads_refused));
  result->set("requests", Poco::UInt64(status.requests));
  result->set("requests_failed", Poco::UInt64(status.requests_failed));
  result->set("connections", Poco::UInt64(status.connections));
  result->set("stuck_calls", list(status.stuck_calls, of_stuck_call));
  return written(*result);
}

std::string to_json(const std::vector<GenerationInfo>& generations) {
  Object::Ptr result = object();
  result->set("generations", list(generations, of_generation));
  return written(*result);
}

std::string to_json(std::uint64_t generation, const std::vector<Hold>& holds) {
  Object::Ptr result = object();
  result->set("generation", Poco::UInt64(generation));
  result->set("holds", list(holds, of_hold));
  return written(*result);
}

std::string pin_json(std::string_view alias, bool pinned) {
  Object::Ptr result = object();
  result->set("alias", utf8(alias));
  result->set("pinned", pinned);
  return written(*result);
}

std::string upgrade_json(std::string_view host) {
  Object::Ptr result = object();
  result->set("upgraded", true);
  result->set("host", utf8(host));
  return written(*result);
}

std::string stop_json() { return R"({"stopping":true})"; }

std::string error_json(std::string_view text) {
  Object::Ptr result = object();
  result->set("error", utf8(text));
  return written(*result);
}

}  // namespace berth::app
