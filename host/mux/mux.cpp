#include "mux/mux.h"

#include <cassert>
#include <string_view>
#include <utility>

#include "serve/error_reply.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::mux {
namespace {

[[gnu::always_inline]] inline void look_up(const Table& table, serve::Request& request,
                                           Match& match) {
  table.find(request.method(), request.host(), request.raw_path(),
             request.connected().listener_index(), match);
}

void redirect(serve::ResponseWriter& response, int status, std::string_view location) {
  const std::string_view line =
      status == 301 ? "301 Moved Permanently\n" : "308 Permanent Redirect\n";
  const bool sent = response.set_field("Location", location).ok() &&
                    response.set_field("Content-Type", "text/plain; charset=utf-8").ok() &&
                    response.set_field("X-Content-Type-Options", "nosniff").ok() &&
                    response.set_status(status).ok() && response.write(line).ok();
  if (!sent) response.fail();
}

}  // namespace

Mux::Mux(Table table, std::vector<serve::Route> routes)
    : table_(std::move(table)), routes_(std::move(routes)), unrouted_(table_) {
  for (const Route& route : table_.routes()) {
    assert(route.route_index < routes_.size());
    static_cast<void>(route);
  }
}

const serve::Route& Mux::route(serve::Request& request) {
  Match match;
  look_up(table_, request, match);
  request.clear_path_values();
  if (match.outcome != Outcome::kMatched) return unrouted_.route(request);
  const std::string_view raw_path = request.raw_path();
  const std::string_view* name = table_.value_names(match.entry).data();
  for (const PathValue& value : match.values())
    request.add_path_value({*name++, value.in(raw_path)});
  return routes_[match.route_index];
}

void Mux::serve(serve::ResponseWriter& response, serve::Request& request) {
  route(request).handler->serve(response, request);
}

Mux::Unrouted::Unrouted(const Table& table) : table_(table) {
  route_.handler = this;
  route_.ignores_body = true;
}

const serve::Route& Mux::Unrouted::route(serve::Request& /*request*/) { return route_; }

// Looked up again: between route() and serve() nothing but the route is kept, and this is rare.
void Mux::Unrouted::serve(serve::ResponseWriter& response, serve::Request& request) {
  Match match;
  look_up(table_, request, match);
  switch (match.outcome) {
    case Outcome::kRedirect:
      return redirect(response, redirect_status(request.method()),
                      redirect_location(match, request.raw_path(), request.query()));
    case Outcome::kMethodNotAllowed:
      return serve::reply_error(response, 405, {},
                                table_.allowed_methods(request.host(), request.raw_path(),
                                                       request.connected().listener_index()));
    case Outcome::kBadRequest:
      return serve::reply_error(response, 400, "the path is malformed");
    case Outcome::kMatched:  // never: the same table said otherwise
    case Outcome::kNotFound:
      return serve::reply_error(response, 404, {});
  }
}

}  // namespace berth::mux
