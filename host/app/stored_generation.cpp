#include "app/stored_generation.h"

#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <type_traits>
#include <utility>

namespace berth::app {

namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

constexpr int kFormat = 1;

std::string text_of(const Object& object) {
  std::ostringstream out;
  object.stringify(out, 2);
  out << '\n';
  return out.str();
}

// What is thrown where the text is not what is expected; nothing of it leaves this file.
struct Malformed : std::exception {};

template <class T>
T get(const Object& object, const std::string& key) {
  const Poco::Dynamic::Var value = object.get(key);
  if (std::is_same_v<T, std::string> ? !value.isString() : !value.isInteger()) throw Malformed();
  return value.convert<T>();
}

std::string get_digest(const Object& object, const std::string& key) {
  auto digest = get<std::string>(object, key);
  if (!is_sha256(digest)) throw Malformed();
  return digest;
}

// Calls `each` with the objects of an array.
template <class Each>
void for_each_object(const Object& object, const std::string& key, Each each) {
  const Array::Ptr array = object.getArray(key);
  if (array.isNull()) throw Malformed();
  for (unsigned i = 0; i < array->size(); ++i) {
    const Object::Ptr item = array->getObject(i);
    if (item.isNull()) throw Malformed();
    each(*item);
  }
}

// `read` with the parsed object, whatever goes wrong being a result.
template <class T, class Read>
base::Result<T> parse(const std::string& text, Read read) {
  constexpr int kDepth = 8;
  try {
    Poco::JSON::Parser parser;
    parser.setDepth(kDepth);
    const Object::Ptr object = parser.parse(text).extract<Object::Ptr>();
    if (object.isNull()) throw Malformed();
    const int format = get<int>(*object, "format");
    if (format != kFormat) {
      return base::fail(base::ErrorCode::kIncompatible, "it has format " + std::to_string(format) +
                                                            ", this berth reads format " +
                                                            std::to_string(kFormat));
    }
    return read(*object);
  } catch (const std::exception&) {  // Poco's are, too
    return base::fail(base::ErrorCode::kCorrupt, "it is damaged");
  }
}

}  // namespace

bool is_sha256(std::string_view text) noexcept {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string manifest_text(const Manifest& manifest) {
  const StoredGeneration& generation = manifest.generation;
  Object object(Poco::JSON_PRESERVE_KEY_ORDER);
  object.set("format", kFormat);
  object.set("number", generation.number);
  object.set("origin", generation.origin);
  object.set("made_at", generation.made_at);
  object.set("configuration", generation.configuration);
  object.set("recording_sha256", manifest.recording_sha256);
  Array plugins;
  for (const StoredPlugin& plugin : generation.plugins) {
    Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
    entry.set("alias", plugin.alias);
    entry.set("file", plugin.file);
    entry.set("sha256", plugin.sha256);
    entry.set("build_id", plugin.build_id);
    entry.set("version", plugin.version);
    plugins.add(entry);
  }
  object.set("plugins", plugins);
  return text_of(object);
}

base::Result<Manifest> parse_manifest(const std::string& text) {
  return parse<Manifest>(text, [](const Object& object) {
    Manifest manifest;
    StoredGeneration& generation = manifest.generation;
    generation.number = get<std::uint64_t>(object, "number");
    generation.origin = get<std::string>(object, "origin");
    generation.made_at = get<std::int64_t>(object, "made_at");
    generation.configuration = get<std::string>(object, "configuration");
    manifest.recording_sha256 = get_digest(object, "recording_sha256");
    for_each_object(object, "plugins", [&generation](const Object& entry) {
      generation.plugins.push_back({get<std::string>(entry, "alias"),
                                    get<std::string>(entry, "file"), get_digest(entry, "sha256"),
                                    get<std::string>(entry, "build_id"),
                                    get<std::string>(entry, "version")});
    });
    return manifest;
  });
}

std::string pins_text(const std::vector<Pin>& pins) {
  Object object(Poco::JSON_PRESERVE_KEY_ORDER);
  object.set("format", kFormat);
  Array entries;
  for (const Pin& pin : pins) {
    Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
    entry.set("alias", pin.alias);
    entry.set("sha256", pin.sha256);
    entry.set("build_id", pin.build_id);
    entries.add(entry);
  }
  object.set("pins", entries);
  return text_of(object);
}

base::Result<std::vector<Pin>> parse_pins(const std::string& text) {
  return parse<std::vector<Pin>>(text, [](const Object& object) {
    std::vector<Pin> pins;
    for_each_object(object, "pins", [&pins](const Object& entry) {
      pins.push_back({get<std::string>(entry, "alias"), get_digest(entry, "sha256"),
                      get<std::string>(entry, "build_id")});
    });
    return pins;
  });
}

}  // namespace berth::app
