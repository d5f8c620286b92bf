// The route table as a handler: sends each request to its route and answers what has none. Decides
// nothing itself: that is Table.
#pragma once

#include <vector>

#include "mux/table.h"
#include "serve/handler.h"

namespace berth::mux {

// Replies are 301/308, 400, 404 and 405 as text/plain with a line that says so. Immutable once
// made; serves on many threads at once. "OPTIONS *" never comes here.
class Mux : public serve::Handler {
 public:
  // routes[i] answers for the routes of the table whose route_index is i; the handlers in it
  // outlive the mux. REQUIRES: every route_index of the table is less than routes.size().
  Mux(Table table, std::vector<serve::Route> routes);

  // Sets the request's path values; the result lives as long as the mux. Of a request without a
  // route it is one whose handler replies as above and needs no body.
  [[nodiscard]] const serve::Route& route(serve::Request& request) override;

  // route(request), then that route's handler.
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

  [[nodiscard]] const Table& table() const noexcept { return table_; }
  // routes[index] as it was given. REQUIRES: there is one.
  [[nodiscard]] const serve::Route& at(std::size_t index) const noexcept { return routes_[index]; }

 private:
  // Answers what has no route.
  class Unrouted : public serve::Handler {
   public:
    explicit Unrouted(const Table& table);
    [[nodiscard]] const serve::Route& route(serve::Request& request) override;
    void serve(serve::ResponseWriter& response, serve::Request& request) override;

   private:
    const Table& table_;
    serve::Route route_;
  };

  Table table_;
  std::vector<serve::Route> routes_;
  Unrouted unrouted_;
};

}  // namespace berth::mux
