// The optional powers of a request: berth.values/1, berth.connections/1 and berth.peer/1.
#include <cstdint>
#include <exception>
#include <string_view>

#include "plugin/abi_error.h"
#include "plugin/abi_text.h"
#include "plugin/exchange_bridge.h"
#include "plugin/facets.h"

namespace berth::plugin {

namespace {

using serve::ConnectionState;
using serve::ValueScope;

static_assert(BERTH_SCOPE_REQUEST == static_cast<int>(ValueScope::kRequest));
static_assert(BERTH_SCOPE_CONNECTION == static_cast<int>(ValueScope::kConnection));
static_assert(BERTH_SCOPE_LISTENER == static_cast<int>(ValueScope::kListener));
static_assert(BERTH_CONNECTION_NEW == static_cast<int>(ConnectionState::kNew));
static_assert(BERTH_CONNECTION_ACTIVE == static_cast<int>(ConnectionState::kActive));
static_assert(BERTH_CONNECTION_IDLE == static_cast<int>(ConnectionState::kIdle));
static_assert(BERTH_CONNECTION_HIJACKED == static_cast<int>(ConnectionState::kHijacked));
static_assert(BERTH_CONNECTION_CLOSED == static_cast<int>(ConnectionState::kClosed));

bool is_scope(std::int32_t scope) noexcept {
  return scope >= BERTH_SCOPE_REQUEST && scope <= BERTH_SCOPE_LISTENER;
}

berth_str get(berth_request* r, std::int32_t scope, berth_str name) noexcept {
  if (!is_scope(scope) || !is_valid(name)) return absent();
  try {
    return present_or_absent(r->request.value(static_cast<ValueScope>(scope), view(name)));
  } catch (const std::exception&) {  // std::bad_alloc
    return absent();
  }
}

std::int32_t set(berth_request* r, std::int32_t scope, berth_str name, berth_str value) noexcept {
  if (!is_scope(scope) || !is_valid(name) || !is_valid(value)) return BERTH_E_INVALID;
  try {
    return abi_result(
        r->request.set_value(static_cast<ValueScope>(scope), view(name), view(value)));
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

std::int64_t count(berth_request* r, std::int32_t state) noexcept {
  if (state < BERTH_CONNECTION_NEW || state > BERTH_CONNECTION_CLOSED) return BERTH_E_INVALID;
  try {
    const serve::ConnectionStates states = r->request.connected().connection_states();
    return static_cast<std::int64_t>(states[static_cast<ConnectionState>(state)]);
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

berth_str peer_address(const berth_request* r) noexcept {
  try {
    return present(r->request.connected().peer_address());
  } catch (const std::exception&) {
    return present({});
  }
}

constexpr berth_values kValues{sizeof(berth_values), get, set};
constexpr berth_connections kConnections{sizeof(berth_connections), count};
constexpr berth_peer kPeer{sizeof(berth_peer), peer_address};

}  // namespace

const void* request_facet(const char* facet_id) noexcept {
  if (facet_id == nullptr) return nullptr;
  const std::string_view id(facet_id);
  if (id == BERTH_VALUES) return &kValues;
  if (id == BERTH_CONNECTIONS) return &kConnections;
  if (id == BERTH_PEER) return &kPeer;
  return nullptr;
}

}  // namespace berth::plugin
