// What host_facet() of abi.h hands to a plugin: berth.tasks/1 and berth.timers/1, in front of the
// TaskSet and the TimerSet of its HostTable.
#pragma once

#include <berth/abi.h>

namespace berth::plugin {

// A static table by name; null: this host has it not.
[[nodiscard]] const void* host_facet(const berth_host* host, const char* facet_id) noexcept;

}  // namespace berth::plugin
