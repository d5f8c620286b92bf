// What Table::find costs with 10, 1,000 and 100,000 routes: it is to stay about the same.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mux/table.h"

namespace berth::mux {
namespace {

void add(std::vector<Route>& routes, std::string_view text) {
  auto pattern = Pattern::parse(text);
  if (!pattern.ok()) std::abort();
  routes.push_back({std::move(*pattern), {}, static_cast<std::uint32_t>(routes.size()), {}});
}

Table table_of(std::int64_t count) {
  std::vector<Route> routes;
  add(routes, "GET /hello/{name}");
  add(routes, "POST /echo");
  add(routes, "GET /static/{path...}");
  add(routes, "GET /{$}");
  while (static_cast<std::int64_t>(routes.size()) < count) {
    add(routes, "GET /service" + std::to_string(routes.size()) + "/{id}/items");
  }
  auto table = Table::build(std::move(routes), 1, 42);
  if (!table.ok()) std::abort();
  return std::move(*table);
}

void look_up(benchmark::State& state, std::string_view path) {
  const Table table = table_of(state.range(0));
  Match match;
  for (auto _ : state) {
    benchmark::DoNotOptimize(path);
    table.find("GET", "localhost:8080", path, 0, match);
    benchmark::DoNotOptimize(match);
  }
}

BENCHMARK_CAPTURE(look_up, wildcard, "/hello/world")->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK_CAPTURE(look_up, deep, "/service7/12345/items")->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK_CAPTURE(look_up, rest, "/static/css/site.css")->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK_CAPTURE(look_up, not_found, "/nothing/here")->Arg(10)->Arg(1000)->Arg(100000);

}  // namespace
}  // namespace berth::mux

BENCHMARK_MAIN();
