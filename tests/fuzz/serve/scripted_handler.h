// A root handler whose first path segment says what it does with body and response, so that the
// bytes of a fuzz input choose it. It writes down what it was asked, for the judge of the replies.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "serve/exchange.h"

namespace berth::fuzz {

// One call of serve().
struct ServedRequest {
  bool head = false;      // a HEAD
  bool failed = false;    // it gave up: an error reply without its number, or a reply that is cut
  bool hijacked = false;  // the reply is its own, without a Date
};

// One for all connections, which it tells apart by their listener's index. Its replies carry
// "X-Served: n", counted from 1 on each.
//
//   /all     reads the whole body, replies with what it was asked and the body
//   /none    reads nothing                    /early   the same, and its route says so
//   /part    reads three bytes                /first   replies before it reads; trailers
//   /duplex  seven bytes in, seven out        /length  declares the length of its reply
//   /short   sends less than it declared      /long    more
//   /throw   before anything is sent          /late    after it
//   /hints   103 first                        /large   a reply of 300 KiB
//   /204     /304                             /blocks  as /all on a thread of its own
//   /reflect the request's bytes in fields    /hijack  takes the connection, echoes what comes
//   anything else: as /all
class ScriptedHandler final : public serve::Handler {
 public:
  explicit ScriptedHandler(std::size_t connections);

  [[nodiscard]] const serve::Route& route(serve::Request& request) override;
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

  // What was served on that connection; nobody serves it any more. Begins a new list.
  [[nodiscard]] std::vector<ServedRequest> take_served(std::size_t connection);
  // Calls of /blocks may have looked too quick.
  void teach_that_blocks_does() const;

 private:
  std::deque<serve::Route> routes_;                 // as the entries of the table
  std::vector<std::vector<ServedRequest>> served_;  // by connection
};

}  // namespace berth::fuzz
