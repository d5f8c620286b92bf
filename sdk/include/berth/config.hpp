// Typed access to the `config:` of a plugin and of a route; not a YAML parser: the host has read
// the file, and prints every complaint with its line and column.
#pragma once

#include <berth/abi.h>
#include <berth/host.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace berth {

// Something is wrong with the configuration. Thrown out of a handler's constructor it makes the
// host refuse the configuration, and show the text below the line it is about.
class ConfigError : public std::exception {
 public:
  // node: what the complaint is about, or the map in which something is missing.
  ConfigError(const berth_config* node, std::string text) : node_(node), text_(std::move(text)) {}
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
  // Valid until make() or start() returns.
  [[nodiscard]] const berth_config* node() const noexcept { return node_; }
  // "berth.yaml:12:5"; empty where the host knows none.
  [[nodiscard]] std::string position() const {
    berth_str file{};
    std::uint32_t line = 0, column = 0;
    if (detail::host->config_position(node_, &file, &line, &column) != BERTH_OK) return {};
    return std::string(detail::view(file)) + ":" + std::to_string(line) + ":" +
           std::to_string(column);
  }

 private:
  const berth_config* node_;
  std::string text_;
};

// How a scalar, list or map becomes a T: `static T read(const Config&)`, which calls fail() on what
// it cannot read. config_value.hpp has it for strings, numbers, bool, Duration, Bytes, Path,
// vectors and maps of these; a plugin may specialise it for types of its own.
template <class T>
struct ConfigValue;

// One node: a scalar, a list, a map, or one that is absent. Cheap to copy but for its name. Valid
// until the constructor (or start hook) it was handed to returns; get() returns values that stay.
class Config {
 public:
  explicit Config(const berth_config* node) : node_(node), parent_(node) {}

  [[nodiscard]] bool exists() const noexcept { return kind() != BERTH_CONFIG_ABSENT; }
  [[nodiscard]] bool is_scalar() const noexcept { return kind() == BERTH_CONFIG_SCALAR; }
  [[nodiscard]] bool is_list() const noexcept { return kind() == BERTH_CONFIG_LIST; }
  [[nodiscard]] bool is_map() const noexcept { return kind() == BERTH_CONFIG_MAP; }
  // Elements of a list, entries of a map, else 0.
  [[nodiscard]] std::size_t size() const noexcept { return detail::host->config_size(node_); }
  // Where the complaints about it say it is: "servers[1].port"; empty for the `config:` itself.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // The value at a key; one that is absent if there is none, or if this is no map.
  [[nodiscard]] Config operator[](std::string_view key) const {
    return {detail::host->config_get(node_, detail::str(key)), node_ != nullptr ? node_ : parent_,
            name_.empty() ? std::string(key) : name_ + "." + std::string(key)};
  }
  // The i-th element of a list, or value of a map in the order of the file.
  [[nodiscard]] Config at(std::size_t i) const {
    if (is_map()) return (*this)[key(i)];
    return {detail::host->config_at(node_, i), node_, name_ + "[" + std::to_string(i) + "]"};
  }
  // The i-th key of a map, else empty.
  [[nodiscard]] std::string key(std::size_t i) const {
    return std::string(detail::view(detail::host->config_text(key_node(i))));
  }
  // A scalar's text, else empty.
  [[nodiscard]] std::string text() const {
    return std::string(detail::view(detail::host->config_text(node_)));
  }

  // The file it stands in, as the host was told it; empty where there is none.
  [[nodiscard]] std::string file() const {
    berth_str file{};
    std::uint32_t line = 0, column = 0;
    if (detail::host->config_position(node_, &file, &line, &column) != BERTH_OK) return {};
    return std::string(detail::view(file));
  }

  // This node as a T. Throws ConfigError if it is absent or no T.
  template <class T>
  [[nodiscard]] T get() const {
    return ConfigValue<T>::read(*this);
  }
  // The value at a key, which has to be there.
  template <class T>
  [[nodiscard]] T get(std::string_view key) const {
    return (*this)[key].template get<T>();
  }
  // The value at a key, or the fallback where the key is absent. What is there and no T throws.
  template <class T>
  [[nodiscard]] T get(std::string_view key, T fallback) const {
    const Config value = (*this)[key];
    return value.exists() ? value.template get<T>() : std::move(fallback);
  }
  // The same with nullopt where the key is absent.
  template <class T>
  [[nodiscard]] std::optional<T> find(std::string_view key) const {
    const Config value = (*this)[key];
    if (!value.exists()) return std::nullopt;
    return value.template get<T>();
  }

  // Refuses every key but these, so that a misspelt one is not ignored. Throws ConfigError.
  void allow_only(std::initializer_list<std::string_view> keys) const {
    if (exists() && !is_map()) fail("expected a map");
    for (std::size_t i = 0; i < size(); ++i) {
      const std::string given = key(i);
      if (std::find(keys.begin(), keys.end(), given) != keys.end()) continue;
      std::string message = "unknown key \"" + given + "\"";
      for (const std::string_view known : keys) {
        if (distance(given, known) > 2) continue;
        message.append(" (did you mean \"").append(known).append("\"?)");
        break;
      }
      if (!name_.empty()) message = name_ + ": " + message;
      throw ConfigError(key_node(i), std::move(message));
    }
  }

  // Complains about this node: "NAME: MESSAGE", or "NAME: missing; MESSAGE" where it is absent.
  [[noreturn]] void fail(std::string_view message) const {
    std::string text = name_;
    if (!text.empty()) text += ": ";
    if (!exists()) text += "missing; ";
    throw ConfigError(node_ != nullptr ? node_ : parent_, text.append(message));
  }

 private:
  Config(const berth_config* node, const berth_config* parent, std::string name)
      : node_(node), parent_(parent), name_(std::move(name)) {}

  [[nodiscard]] std::int32_t kind() const noexcept { return detail::host->config_kind(node_); }
  [[nodiscard]] const berth_config* key_node(std::size_t i) const noexcept {
    return detail::host->config_key_at(node_, i);
  }
  // Letters to insert, drop or replace to get from one to the other; many where one is long.
  static std::size_t distance(std::string_view from, std::string_view to) noexcept {
    std::array<std::size_t, 32> row;
    if (to.size() >= row.size()) return row.size();
    for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < from.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i + 1);
      for (std::size_t j = 0; j < to.size(); ++j) {
        const std::size_t replaced = diagonal + (from[i] == to[j] ? 0U : 1U);
        diagonal = row[j + 1];
        row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, replaced});
      }
    }
    return row[to.size()];
  }

  const berth_config* node_;
  const berth_config* parent_;  // the nearest one that is there, for complaints about absence
  std::string name_;
};

}  // namespace berth
