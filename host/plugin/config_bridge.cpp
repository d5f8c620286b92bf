#include "plugin/config_bridge.h"

#include <cstddef>
#include <cstdint>
#include <exception>

#include "config/printable.h"
#include "plugin/abi_text.h"

namespace berth::plugin {

namespace {

using config::Node;

thread_local ConfigScope* current_scope = nullptr;

std::int32_t config_kind(const berth_config* handle) noexcept {
  const Node* node = node_of(handle);
  if (node == nullptr) return BERTH_CONFIG_ABSENT;
  switch (node->kind()) {
    case Node::Kind::kNull:
    case Node::Kind::kScalar:
      return BERTH_CONFIG_SCALAR;
    case Node::Kind::kList:
      return BERTH_CONFIG_LIST;
    case Node::Kind::kMap:
      return BERTH_CONFIG_MAP;
  }
  return BERTH_CONFIG_ABSENT;
}

std::size_t config_size(const berth_config* handle) noexcept {
  const Node* node = node_of(handle);
  return node == nullptr ? 0 : node->size();
}

const berth_config* config_at(const berth_config* handle, std::size_t index) noexcept {
  const Node* node = node_of(handle);
  if (node == nullptr || index >= node->size()) return nullptr;
  return handle_of(&node->value(index));
}

const berth_config* config_key_at(const berth_config* handle, std::size_t index) noexcept {
  const Node* node = node_of(handle);
  if (node == nullptr || !node->is_map() || index >= node->size()) return nullptr;
  return handle_of(&node->key(index));
}

const berth_config* config_get(const berth_config* handle, berth_str key) noexcept {
  const Node* node = node_of(handle);
  if (node == nullptr || !node->is_map() || !is_valid(key)) return nullptr;
  return handle_of(node->find(view(key)));
}

berth_str config_text(const berth_config* handle) noexcept {
  const Node* node = node_of(handle);
  return present(node == nullptr ? std::string_view() : node->text());
}

std::int32_t config_position(const berth_config* handle, berth_str* file, std::uint32_t* line,
                             std::uint32_t* column) noexcept {
  const Node* node = node_of(handle);
  ConfigScope* scope = ConfigScope::current();
  if (node == nullptr || scope == nullptr) return BERTH_E_INVALID;
  try {
    const base::SourcePosition position = node->position();
    if (file != nullptr) *file = present(scope->keep(position.file));
    if (line != nullptr) *line = position.line;
    if (column != nullptr) *column = position.column;
    return BERTH_OK;
  } catch (const std::exception&) {  // std::bad_alloc
    return BERTH_E_FAILED;
  }
}

std::int32_t config_fail(const berth_config* handle, berth_str message) noexcept {
  ConfigScope* scope = ConfigScope::current();
  if (scope == nullptr || !is_valid(message)) return BERTH_E_INVALID;
  try {
    scope->complain(node_of(handle), view(message));
  } catch (const std::exception&) {  // std::bad_alloc: make() fails all the same, with less to say
  }
  return BERTH_E_INVALID;
}

}  // namespace

const berth_config* handle_of(const config::Node* node) noexcept {
  return reinterpret_cast<const berth_config*>(node);
}

const config::Node* node_of(const berth_config* handle) noexcept {
  return reinterpret_cast<const config::Node*>(handle);
}

ConfigScope::ConfigScope(const config::Node& whole) noexcept
    : whole_(whole), outer_(current_scope) {
  current_scope = this;
}

ConfigScope::~ConfigScope() noexcept { current_scope = outer_; }

ConfigScope* ConfigScope::current() noexcept { return current_scope; }

void ConfigScope::complain(const config::Node* node, std::string_view text) {
  config::Diagnostic complaint;
  complaint.position = (node == nullptr ? whole_ : *node).position();
  complaint.what = text.empty() ? "the plugin refuses this" : config::printable(text);
  complaints_.push_back(std::move(complaint));
}

std::string_view ConfigScope::keep(std::string_view name) {
  for (const std::string& known : names_) {
    if (known == name) return known;
  }
  return names_.emplace_front(name);
}

void install_config_calls(berth_host& table) noexcept {
  table.config_kind = config_kind;
  table.config_size = config_size;
  table.config_at = config_at;
  table.config_key_at = config_key_at;
  table.config_get = config_get;
  table.config_text = config_text;
  table.config_position = config_position;
  table.config_fail = config_fail;
}

}  // namespace berth::plugin
