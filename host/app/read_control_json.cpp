// The reading half of control_json.h.
#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <span>
#include <stdexcept>
#include <utility>

#include "app/control_json.h"
#include "config/printable.h"

namespace berth::app {

namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

constexpr std::array kOutcomes{PluginOutcome::kLoaded, PluginOutcome::kKept,
                               PluginOutcome::kPinned, PluginOutcome::kLastGood,
                               PluginOutcome::kClosed, PluginOutcome::kQuarantined,
                               PluginOutcome::kFailed, PluginOutcome::kRemoved};
constexpr std::array kStates{GenerationInfo::State::kServing, GenerationInfo::State::kDraining,
                             GenerationInfo::State::kStored};

[[noreturn]] void refuse(const std::string& text) { throw std::runtime_error(text); }

// The members of one object. Throws what is not of its type: caught by reading().
class Members {
 public:
  explicit Members(const Poco::Dynamic::Var& value) {
    if (value.type() != typeid(Object::Ptr)) refuse("an object is expected");
    object_ = value.extract<Object::Ptr>();
  }

  [[nodiscard]] std::string text(const char* name) const {
    const Poco::Dynamic::Var value = object_->get(name);
    if (value.isEmpty()) return {};
    if (!value.isString()) wrong(name, "text");
    return value.extract<std::string>();
  }
  [[nodiscard]] bool flag(const char* name) const {
    const Poco::Dynamic::Var value = object_->get(name);
    if (value.isEmpty()) return false;
    if (!value.isBoolean()) wrong(name, "true or false");
    return value.convert<bool>();
  }
  // Absent and null: 0.
  template <class Number>
  [[nodiscard]] Number number(const char* name) const {
    return optional_number<Number>(name).value_or(0);
  }
  template <class Number>
  [[nodiscard]] std::optional<Number> optional_number(const char* name) const {
    const Poco::Dynamic::Var value = object_->get(name);
    if (value.isEmpty()) return std::nullopt;
    if (!value.isInteger() || value.isBoolean()) wrong(name, "a whole number");
    return value.convert<Number>();  // throws what does not fit
  }
  template <class Convert>
  [[nodiscard]] auto list(const char* name, Convert convert) const {
    std::vector<decltype(convert(Poco::Dynamic::Var()))> result;
    const Poco::Dynamic::Var value = object_->get(name);
    if (value.isEmpty()) return result;
    if (value.type() != typeid(Array::Ptr)) wrong(name, "a list");
    for (const Poco::Dynamic::Var& item : *value.extract<Array::Ptr>()) {
      result.push_back(convert(item));
    }
    return result;
  }
  [[nodiscard]] std::vector<std::string> texts(const char* name) const {
    return list(name, [name](const Poco::Dynamic::Var& item) {
      if (!item.isString()) wrong(name, "a list of texts");
      return item.extract<std::string>();
    });
  }
  [[nodiscard]] Poco::Dynamic::Var get(const char* name) const { return object_->get(name); }

 private:
  [[noreturn]] static void wrong(const char* name, const char* expected) {
    refuse("`" + std::string(name) + "` is not " + expected);
  }

  Object::Ptr object_;
};

template <class Word>
Word word_of(std::span<const Word> words, const std::string& text) {
  for (const Word word : words) {
    if (text_of(word) == text) return word;
  }
  refuse(config::quote(text) + " is a word of another version");
}

PluginReport plugin_of(const Poco::Dynamic::Var& value) {
  const Members members(value);
  return {
      .alias = members.text("alias"),
      .file = members.text("file"),
      .outcome = word_of<PluginOutcome>(kOutcomes, members.text("outcome")),
      .version = members.text("version"),
      .build_id = members.text("build_id"),
      .previous_build_id = members.text("previous_build_id"),
      .reason = members.text("reason"),
      .took = std::chrono::microseconds(members.number<Poco::Int64>("took_us")),
      .unload_blockers = members.texts("unload_blockers"),
  };
}

RouteChange route_of(const Poco::Dynamic::Var& value) {
  const Members members(value);
  const std::string change = members.text("change");
  RouteChange route;
  if (change == "added") {
    route.kind = RouteChange::Kind::kAdded;
  } else if (change == "removed") {
    route.kind = RouteChange::Kind::kRemoved;
  } else if (change == "changed") {
    route.kind = RouteChange::Kind::kChanged;
  } else {
    refuse(config::quote(change) + " is a word of another version");
  }
  route.pattern = members.text("pattern");
  route.what = members.texts("what");
  return route;
}

Hold hold_of(const Poco::Dynamic::Var& value) {
  const Members members(value);
  Hold hold{.kind = members.text("kind"),
            .plugin = members.text("plugin"),
            .what = members.text("what"),
            .count = members.number<Poco::UInt64>("count"),
            .age = std::nullopt};
  if (const auto age = members.optional_number<Poco::Int64>("age_ms")) {
    hold.age = std::chrono::milliseconds(*age);
  }
  return hold;
}

GenerationInfo generation_of(const Poco::Dynamic::Var& value) {
  const Members members(value);
  return {
      .number = members.number<Poco::UInt64>("number"),
      .state = word_of<GenerationInfo::State>(kStates, members.text("state")),
      .origin = members.text("origin"),
      .made_at = members.number<Poco::Int64>("made_at"),
      .can_roll_back_to = members.flag("can_roll_back_to"),
      .plugins = members.list("plugins", plugin_of),
      .holds = members.list("holds", hold_of),
  };
}

PinInfo pin_of(const Poco::Dynamic::Var& value) {
  const Members members(value);
  return {.alias = members.text("alias"), .build_id = members.text("build_id")};
}

FallbackInfo fallback_of(const Poco::Dynamic::Var& value) {
  const Members members(value);
  return {.route = members.text("route"), .handler = members.text("handler")};
}

StuckCall stuck_call_of(const Poco::Dynamic::Var& value) {
  const Members members(value);
  return {.plugin = members.text("plugin"),
          .route = members.text("route"),
          .request_id = members.text("request_id"),
          .thread = members.number<Poco::Int64>("thread"),
          .age = std::chrono::milliseconds(members.number<Poco::Int64>("age_ms"))};
}

template <class Read>
auto reading(const std::string& json, Read read)
    -> base::Result<decltype(read(std::declval<const Members&>()))> {
  try {
    return read(Members(Poco::JSON::Parser().parse(json)));
  } catch (const Poco::Exception& error) {
    return base::fail(base::ErrorCode::kCorrupt, "not understood: " + error.displayText());
  } catch (const std::exception& error) {
    return base::fail(base::ErrorCode::kCorrupt, std::string("not understood: ") + error.what());
  }
}

}  // namespace

base::Result<ReloadReport> read_report(const std::string& json) {
  return reading(json, [](const Members& members) {
    return ReloadReport{
        .done = members.flag("done"),
        .dry_run = members.flag("dry_run"),
        .refused = members.text("refused"),
        .generation = members.number<Poco::UInt64>("generation"),
        .previous = members.number<Poco::UInt64>("previous"),
        .origin = members.text("origin"),
        .plugins = members.list("plugins", plugin_of),
        .routes = members.list("routes", route_of),
        .diagnostics = members.text("diagnostics"),
        .took = std::chrono::microseconds(members.number<Poco::Int64>("took_us")),
    };
  });
}

base::Result<ServerStatus> read_status(const std::string& json) {
  return reading(json, [](const Members& members) {
    return ServerStatus{
        .version = members.text("version"),
        .pid = members.number<Poco::Int64>("pid"),
        .supervisor = members.number<Poco::Int64>("supervisor"),
        .standby = members.text("standby"),
        .configuration = members.text("configuration"),
        .started_at = members.number<Poco::Int64>("started_at"),
        .stopping = members.flag("stopping"),
        .last_good_because = members.text("last_good_because"),
        .last_refused = members.text("last_refused"),
        .generation = generation_of(members.get("generation")),
        .draining = members.list("draining", generation_of),
        .routes = members.number<std::size_t>("routes"),
        .fallbacks = members.list("fallbacks", fallback_of),
        .listeners = members.texts("listeners"),
        .pins = members.list("pins", pin_of),
        .retired_images = members.number<std::size_t>("retired_images"),
        .reloads = members.number<Poco::UInt64>("reloads"),
        .reloads_refused = members.number<Poco::UInt64>("reloads_refused"),
        .requests = members.number<Poco::UInt64>("requests"),
        .requests_failed = members.number<Poco::UInt64>("requests_failed"),
        .connections = members.number<std::size_t>("connections"),
        .stuck_calls = members.list("stuck_calls", stuck_call_of),
    };
  });
}

base::Result<std::vector<GenerationInfo>> read_generations(const std::string& json) {
  return reading(json,
                 [](const Members& members) { return members.list("generations", generation_of); });
}

base::Result<std::vector<Hold>> read_holds(const std::string& json) {
  return reading(json, [](const Members& members) { return members.list("holds", hold_of); });
}

base::Result<std::string> read_upgrade(const std::string& json) {
  return reading(json, [](const Members& members) { return members.text("host"); });
}

base::Result<std::string> read_error(const std::string& json) {
  return reading(json, [](const Members& members) { return members.text("error"); });
}

}  // namespace berth::app
