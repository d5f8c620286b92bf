// All interleavings of entering, leaving, taking, returning, events, falling asleep and waking, on
// a small server: one loop, three threads, two connections, a monitor. A state is all that the
// threads share and where each of them stands; a step is one atomic operation, made by the real
// OwnerWord and HoldWord. Every state that can be reached is visited.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "sched/hold_word.h"
#include "sched/owner_word.h"

namespace berth::sched {
namespace {

constexpr std::uint8_t kThreads = 3;
constexpr std::uint8_t kConnections = 2;
constexpr std::array<std::uint8_t, kConnections> kRequests = {1, 2};  // of each
constexpr std::uint8_t kReserve = 1;  // spares that jobs leave for the loop
constexpr std::uint8_t kNone = 0xff;

enum class At : std::uint8_t {
  kParked,
  kDriving,      // has the loop side
  kClaiming,     // has it, and found a connection held: is about to leave news
  kLyingDown,    // has it, said that it sleeps, has not looked at the inbox since
  kAsleep,       // has it, in epoll_wait
  kWaking,       // has it, said that it is up, has not looked at the bell since
  kInside,       // in a handler with an odd word
  kReleasing,    // the same, with a spare reserved for the loop
  kWithoutLoop,  // in a handler, and owns no loop
  kReturning,    // the handler is over, the connection not yet back
  kPosted,       // has put it into the inbox, and not looked yet whether the loop sleeps
};
enum class MonitorAt : std::uint8_t { kLooking, kReserved, kLyingDown, kAsleep };

struct Thread {
  At at = At::kParked;
  std::uint8_t connection = kNone;
  std::uint8_t token = 0;
  std::uint8_t spare = kNone;
  bool operator==(const Thread&) const = default;
};
struct Client {
  std::uint8_t hold = 0;  // HoldWord
  std::uint8_t to_come = 0;
  std::uint8_t answered = 0;
  bool unread = false;  // bytes in the socket
  bool edge = false;    // epoll has an event
  bool in_inbox = false;
  bool ready = false;  // in the loop's queue
};
struct State {
  std::uint8_t word = 0;        // OwnerWord
  bool sleeping = false;        // Loop::sleeping_
  bool rung = false;            // the loop's eventfd
  bool monitor_asleep = false;  // MonitorBell
  MonitorAt monitor = MonitorAt::kLooking;
  std::uint8_t seen = 0;  // the monitor's
  std::uint8_t spare = kNone;
  std::array<Thread, kThreads> threads;
  std::array<Client, kConnections> clients;
};

static_assert(std::has_unique_object_representations_v<State>, "states are told apart by bytes");

// What differs from the real server, to see that the model would find it.
enum class Flaw {
  kNoFlaw,
  kReturnsWithoutLooking,   // give_back stores instead of comparing
  kLeavesWithoutComparing,  // leave stores instead of comparing
  kSleepsWithoutLooking,    // the monitor sleeps although a loop is awake
  kDoesNotLookAtTheInbox,   // a driver goes to sleep without
};

class Model {
 public:
  explicit Model(Flaw flaw) : flaw_(flaw) {
    State start;
    start.threads[0].at = At::kDriving;
    for (std::uint8_t c = 0; c < kConnections; ++c) start.clients[c].to_come = kRequests[c];
    add(start, kNoState);
    for (std::size_t i = 0; i < states_.size() && wrong_.empty(); ++i) explore(i);
    if (wrong_.empty()) look_for_traps();
  }

  // What is wrong in some state; empty: nothing.
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }
  [[nodiscard]] std::size_t states() const noexcept { return states_.size(); }
  [[nodiscard]] std::size_t taken_by_monitor() const noexcept { return by_monitor_; }
  [[nodiscard]] std::size_t taken_by_itself() const noexcept { return by_itself_; }
  [[nodiscard]] std::size_t lost_leaves() const noexcept { return lost_leaves_; }

 private:
  static constexpr std::size_t kNoState = SIZE_MAX;

  void add(const State& state, std::size_t from) {
    const auto bytes = std::bit_cast<std::array<char, sizeof(State)>>(state);
    const auto [place, is_new] =
        index_.try_emplace(std::string(bytes.data(), bytes.size()), states_.size());
    if (is_new) {
      states_.push_back(state);
      before_.emplace_back();
      check(state);
    }
    if (from != kNoState) before_[place->second].push_back(from);
  }

  // --- what holds in every state
  void check(const State& state) {
    int drivers = 0;
    int inside = 0;
    for (const Thread& thread : state.threads) {
      const bool drives = thread.at == At::kDriving || thread.at == At::kClaiming ||
                          thread.at == At::kLyingDown || thread.at == At::kAsleep ||
                          thread.at == At::kWaking;
      const bool in_handler = thread.at == At::kInside || thread.at == At::kReleasing;
      if (drives) ++drivers;
      if (in_handler && thread.token == state.word) ++inside;
    }
    if (OwnerWord::inside(state.word)) {
      if (drivers != 0) fail("somebody has the loop side while the word is odd");
      if (inside != 1) fail("an odd word belongs to one handler");
    } else if (drivers != 1) {
      fail(std::to_string(drivers) + " drivers while the word is even");
    }
    for (std::uint8_t c = 0; c < kConnections; ++c) {
      const bool held = (state.clients[c].hold & HoldWord::kHeld) != 0;
      int holders = state.clients[c].in_inbox ? 1 : 0;
      for (const Thread& thread : state.threads) {
        if (thread.connection == c && thread.at != At::kClaiming && thread.at != At::kPosted) {
          ++holders;
        }
      }
      if (holders != (held ? 1 : 0)) fail("a connection has not the holders its word says");
    }
  }
  void fail(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  static bool done(const State& state) {
    for (std::uint8_t c = 0; c < kConnections; ++c) {
      const Client& client = state.clients[c];
      if (client.answered != kRequests[c] || client.hold != 0 || client.in_inbox) return false;
    }
    return true;
  }
  // From every state all requests can still be answered: nothing was lost, nobody waits for ever.
  void look_for_traps() {
    std::vector<bool> good(states_.size());
    std::vector<std::size_t> next;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (done(states_[i])) {
        good[i] = true;
        next.push_back(i);
      }
    }
    while (!next.empty()) {
      const std::size_t state = next.back();
      next.pop_back();
      for (const std::size_t from : before_[state]) {
        if (good[from]) continue;
        good[from] = true;
        next.push_back(from);
      }
    }
    if (std::count(good.begin(), good.end(), false) > 0) fail("a request is never answered");
  }

  // --- steps
  void explore(std::size_t index) {
    const State& state = states_[index];  // a deque's: it stays where it is
    const auto step = [&](const std::function<void(State&)>& change) {
      State next = state;
      change(next);
      add(next, index);
    };
    for (std::uint8_t c = 0; c < kConnections; ++c) {
      const Client& client = state.clients[c];
      if (client.to_come > 0 && !client.unread) {
        step([c](State& next) {
          --next.clients[c].to_come;
          next.clients[c].unread = next.clients[c].edge = true;
        });
      }
    }
    for (std::uint8_t t = 0; t < kThreads; ++t) thread_steps(state, t, step);
    monitor_steps(state, step);
  }

  template <class Step>
  void thread_steps(const State& state, std::uint8_t t, const Step& step) {
    switch (state.threads[t].at) {
      case At::kParked:
        return;
      case At::kDriving:
        return driver_steps(state, t, step);
      case At::kClaiming:
        return step([t](State& next) {
          Thread& self = next.threads[t];
          const std::uint8_t c = self.connection;
          self = {.at = At::kDriving};
          HoldWord hold(next.clients[c].hold);
          const bool held = hold.mark(HoldWord::kNews);
          store(next, c, hold);
          if (held) return;
          hold.clear();
          store(next, c, hold);
          read(next, t, c, false);
        });
      case At::kLyingDown:
        return step([this, t](State& next) {
          const bool posted = std::any_of(next.clients.begin(), next.clients.end(),
                                          [](const Client& client) { return client.in_inbox; });
          if (posted && flaw_ != Flaw::kDoesNotLookAtTheInbox) {
            next.sleeping = false;
            next.threads[t].at = At::kWaking;
          } else {
            next.threads[t].at = At::kAsleep;
          }
        });
      case At::kAsleep: {
        const bool edge = std::any_of(state.clients.begin(), state.clients.end(),
                                      [](const Client& client) { return client.edge; });
        if (!edge && !state.rung) return;
        return step([t](State& next) {
          next.sleeping = next.rung = false;
          next.threads[t].at = At::kWaking;
        });
      }
      case At::kWaking:
        return step([t](State& next) {
          next.monitor_asleep = false;
          next.threads[t].at = At::kDriving;
        });
      case At::kInside:
      case At::kReleasing:
      case At::kWithoutLoop:
        return handler_steps(state, t, step);
      case At::kReturning:
        step([this, t](State& next) {
          Thread& self = next.threads[t];
          HoldWord hold(next.clients[self.connection].hold);
          const bool back = hold.give_back();
          store(next, self.connection, hold);
          if (flaw_ == Flaw::kReturnsWithoutLooking) next.clients[self.connection].hold = 0;
          if (back || flaw_ == Flaw::kReturnsWithoutLooking) {
            self = {};
          } else {
            post(next, self);
          }
        });
        // Or straight through the inbox: there is something to do for the driver.
        return step([t](State& next) { post(next, next.threads[t]); });
      case At::kPosted:
        return step([t](State& next) {
          next.threads[t] = {};
          if (!next.sleeping) return;
          next.sleeping = false;
          next.rung = true;
        });
    }
  }

  template <class Step>
  void driver_steps(const State& state, std::uint8_t t, const Step& step) {
    bool idle = true;
    for (std::uint8_t c = 0; c < kConnections; ++c) {
      for (const bool event : {true, false}) {
        if (!(event ? state.clients[c].edge : state.clients[c].ready)) continue;
        idle = false;
        for (const bool offload : {false, true}) {
          step([t, c, event, offload](State& next) {
            (event ? next.clients[c].edge : next.clients[c].ready) = false;
            if (HoldWord(next.clients[c].hold).is_free()) return read(next, t, c, offload);
            next.threads[t].at = At::kClaiming;
            next.threads[t].connection = c;
          });
        }
      }
    }
    const bool posted = std::any_of(state.clients.begin(), state.clients.end(),
                                    [](const Client& client) { return client.in_inbox; });
    if (posted) {
      step([](State& next) {
        for (Client& client : next.clients) {
          if (!client.in_inbox) continue;
          client.in_inbox = false;
          client.ready = true;
          HoldWord hold(client.hold);
          hold.clear();
          client.hold = 0;
        }
      });
    }
    if (idle) {
      step([t](State& next) {
        next.sleeping = true;
        next.threads[t].at = At::kLyingDown;
      });
    }
  }

  template <class Step>
  void handler_steps(const State& state, std::uint8_t t, const Step& step) {
    const Thread& thread = state.threads[t];
    // The first connection's handlers tell nobody that they block, until the second one's requests
    // are all answered: only a loop that was taken from them can bring that about.
    const bool blocked = thread.connection == 0 && state.clients[1].answered < kRequests[1];
    if (thread.at == At::kWithoutLoop) {
      if (blocked) return;
      return step([t](State& next) { end_handler(next, next.threads[t]); });
    }
    if (thread.at == At::kReleasing) {
      return step([this, t](State& next) {
        Thread& self = next.threads[t];
        OwnerWord word(next.word);
        const bool won = word.steal(self.token);
        next.word = static_cast<std::uint8_t>(word.load());
        if (won) ++by_itself_;
        next.threads[self.spare] = {.at = won ? At::kDriving : At::kParked};
        self.spare = kNone;
        self.at = At::kWithoutLoop;
      });
    }
    const std::uint8_t spare = parked(state);
    if (thread.connection == 1 && spare != kNone) {
      step([t, spare](State& next) {
        next.threads[t].at = At::kReleasing;
        next.threads[t].spare = spare;
        next.threads[spare].spare = t;
      });
    }
    if (blocked) return;
    step([this, t](State& next) {
      Thread& self = next.threads[t];
      OwnerWord word(next.word);
      bool kept = word.leave(self.token);
      if (flaw_ == Flaw::kLeavesWithoutComparing) kept = true;
      next.word = static_cast<std::uint8_t>(word.load());
      if (!kept) {
        ++lost_leaves_;
        return end_handler(next, self);
      }
      ++next.clients[self.connection].answered;
      HoldWord hold(next.clients[self.connection].hold);
      hold.clear();
      store(next, self.connection, hold);
      self = {.at = At::kDriving};
    });
  }

  template <class Step>
  void monitor_steps(const State& state, const Step& step) {
    switch (state.monitor) {
      case MonitorAt::kLooking:
        if (OwnerWord::inside(state.word)) {
          if (const std::uint8_t spare = parked(state); spare != kNone) {
            step([spare](State& next) {
              next.monitor = MonitorAt::kReserved;
              next.seen = next.word;
              next.spare = spare;
              next.threads[spare].spare = spare;
            });
          }
        }
        return step([](State& next) {
          next.monitor_asleep = true;
          next.monitor = MonitorAt::kLyingDown;
        });
      case MonitorAt::kReserved:
        return step([this](State& next) {
          OwnerWord word(next.word);
          const bool won = word.steal(next.seen);
          next.word = static_cast<std::uint8_t>(word.load());
          if (won) ++by_monitor_;
          next.threads[next.spare] = {.at = won ? At::kDriving : At::kParked};
          next.spare = kNone;
          next.seen = 0;
          next.monitor = MonitorAt::kLooking;
        });
      case MonitorAt::kLyingDown:
        return step([this](State& next) {
          if (next.sleeping || flaw_ == Flaw::kSleepsWithoutLooking) {
            next.monitor = MonitorAt::kAsleep;
          } else {
            next.monitor_asleep = false;
            next.monitor = MonitorAt::kLooking;
          }
        });
      case MonitorAt::kAsleep:
        if (state.monitor_asleep) return;
        return step([](State& next) { next.monitor = MonitorAt::kLooking; });
    }
  }

  // --- parts of steps
  // A thread that can be reserved: a reserved one has `spare` set.
  static std::uint8_t parked(const State& state) {
    for (std::uint8_t t = 0; t < kThreads; ++t) {
      if (state.threads[t] == Thread{}) return t;
    }
    return kNone;
  }
  static void store(State& state, std::uint8_t connection, const HoldWord& hold) {
    state.clients[connection].hold =
        static_cast<std::uint8_t>(hold.load(std::memory_order_relaxed));
  }
  // The driver has the IO side: reads, and serves what it finds, inline or by a job.
  static void read(State& state, std::uint8_t t, std::uint8_t connection, bool offload) {
    Client& client = state.clients[connection];
    if (!client.unread) return;
    std::uint8_t worker = kNone;
    if (offload) {
      const auto free = std::count(state.threads.begin(), state.threads.end(), Thread{});
      if (free <= kReserve) {
        client.ready = true;  // later
        return;
      }
      worker = parked(state);
    }
    client.unread = false;
    HoldWord hold(client.hold);
    hold.hold(0);
    store(state, connection, hold);
    if (worker != kNone) {
      state.threads[worker] = {.at = At::kWithoutLoop, .connection = connection};
      return;
    }
    OwnerWord word(state.word);
    const auto token = static_cast<std::uint8_t>(word.enter());
    state.word = static_cast<std::uint8_t>(word.load());
    state.threads[t] = {.at = At::kInside, .connection = connection, .token = token};
  }
  static void end_handler(State& state, Thread& self) {
    ++state.clients[self.connection].answered;
    self = {.at = At::kReturning, .connection = self.connection};
  }
  static void post(State& state, Thread& self) {
    state.clients[self.connection].in_inbox = true;
    self = {.at = At::kPosted};
  }

  const Flaw flaw_;
  std::unordered_map<std::string, std::size_t> index_;  // by the state's bytes
  std::deque<State> states_;
  std::vector<std::vector<std::size_t>> before_;  // by state: those one step before it
  std::string wrong_;
  std::size_t by_monitor_ = 0;
  std::size_t by_itself_ = 0;
  std::size_t lost_leaves_ = 0;
};

TEST(HandOverModel, HoldsInEveryInterleaving) {
  const Model model(Flaw::kNoFlaw);
  EXPECT_EQ(model.wrong(), "");
  RecordProperty("states", static_cast<int>(model.states()));
  EXPECT_GT(model.states(), 10'000U);
  EXPECT_GT(model.taken_by_monitor(), 0U);
  EXPECT_GT(model.taken_by_itself(), 0U);
  EXPECT_GT(model.lost_leaves(), 0U);
}

TEST(HandOverModel, WouldFindWhatItLooksFor) {
  for (const Flaw flaw : {Flaw::kReturnsWithoutLooking, Flaw::kLeavesWithoutComparing,
                          Flaw::kSleepsWithoutLooking, Flaw::kDoesNotLookAtTheInbox}) {
    EXPECT_NE(Model(flaw).wrong(), "") << static_cast<int>(flaw);
  }
}

}  // namespace
}  // namespace berth::sched
