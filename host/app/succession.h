// What this host and its supervisor have to say about another one in its place: who asks for one,
// who waits for what comes of it. It starts none.
#pragma once

#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/supervisor_link.h"
#include "base/result.h"

namespace berth::app {

class Succession {
 public:
  explicit Succession(const SupervisorLink& supervisor) : supervisor_(supervisor) {}
  Succession(const Succession&) = delete;
  Succession& operator=(const Succession&) = delete;
  ~Succession() = default;

  // --- any thread, many at once ---
  // Waits until a new host of the program's file serves; who that is. Errors: why none does; this
  // one goes on.
  [[nodiscard]] base::Result<std::string> upgrade();
  // Of the standby, as the supervisor tells it: "starting", "ready"; empty: there is none.
  [[nodiscard]] std::string standby() const;

  // --- the main thread ---
  // Asks for a host that serves the same in its place. False: it was asked for, and nothing has
  // come of that yet.
  bool ask_to_be_replaced(std::string_view why);
  void on_replaced(std::string_view by);
  void on_not_replaced(std::string_view why);
  void on_standby(std::string_view how);
  // Nothing will come of anything any more.
  void end();

 private:
  void settle(const base::Result<std::string>& outcome);

  const SupervisorLink& supervisor_;
  mutable std::mutex mutex_;  // guards what follows
  bool asked_ = false;
  bool ended_ = false;
  std::vector<std::promise<base::Result<std::string>>> waiting_;
  std::string standby_;
};

}  // namespace berth::app
