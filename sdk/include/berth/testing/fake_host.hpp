// The table of abi.h in front of an Exchange: what a plugin talks to inside a Recorder. Not a
// server.
#pragma once

#include <berth/abi.h>
#include <berth/testing/background.hpp>
#include <berth/testing/exchange.hpp>
#include <berth/testing/facets.hpp>
#include <berth/testing/host_facets.hpp>
#include <berth/testing/message.hpp>
#include <berth/testing/misuse_list.hpp>
#include <berth/testing/node.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::testing {

struct LogLine {
  int level;  // berth_level
  std::string message;
  std::vector<Field> fields;
};

// The table comes first, so that log() finds the lines behind the table it is called with.
struct FakeHost {
  explicit FakeHost(MisuseList& misuse) : table(make_table()), background(misuse) {}
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  static berth_request* handle(Exchange* exchange) {
    return reinterpret_cast<berth_request*>(exchange);
  }
  static berth_response* response_handle(Exchange* exchange) {
    return reinterpret_cast<berth_response*>(exchange);
  }
  static const berth_config* handle(const Node* node) {
    return reinterpret_cast<const berth_config*>(node);
  }
  [[nodiscard]] std::vector<LogLine> lines() const {
    const std::lock_guard lock(mutex);
    return log_lines;
  }

  berth_host table;
  mutable std::mutex mutex;
  std::vector<LogLine> log_lines;
  Background background;  // its threads log

 private:
  static std::string_view view(berth_str text) { return {text.data, text.size}; }
  static berth_str str(const std::string& text) { return {text.data(), text.size()}; }
  static const Node* node(const berth_config* config) {
    return reinterpret_cast<const Node*>(config);
  }
  // The exchange of a call that only reads; late calls are noted and still answered, as the memory
  // is there to the Recorder's end.
  static const Exchange& of(const berth_request* request, const char* call) {
    auto* exchange = reinterpret_cast<Exchange*>(const_cast<berth_request*>(request));
    static_cast<void>(exchange->usable(call));
    return *exchange;
  }
  static Exchange& of(const berth_response* response) {
    return *reinterpret_cast<Exchange*>(const_cast<berth_response*>(response));
  }
  static berth_str value_of(const std::vector<Field>& fields, berth_str name, bool any_case) {
    for (const Field& field : fields) {
      if (any_case ? same_name(field.name, view(name)) : field.name == view(name)) {
        return str(field.value);
      }
    }
    return {nullptr, 0};
  }
  static int32_t field_at(const std::vector<Field>& fields, size_t i, berth_str* name,
                          berth_str* value) {
    if (i >= fields.size()) return 0;
    *name = str(fields[i].name);
    *value = str(fields[i].value);
    return 1;
  }
  template <class Call>
  static auto guarded(berth_response* response, const char* name, const Call& call)
      -> decltype(call(of(response))) {
    if (!of(response).usable(name)) return BERTH_E_STATE;
    return call(of(response));
  }

  static void set_services(berth_host& host) {
    host.log = [](const berth_host* self, int32_t level, berth_str message, const berth_pair* pairs,
                  size_t count) {
      auto* fake = reinterpret_cast<FakeHost*>(const_cast<berth_host*>(self));
      LogLine line{level, std::string(view(message)), {}};
      for (size_t i = 0; i < count; ++i) {
        line.fields.push_back({std::string(view(pairs[i].key)), std::string(view(pairs[i].value))});
      }
      const std::lock_guard lock(fake->mutex);
      fake->log_lines.push_back(std::move(line));
    };
    host.host_facet = [](const berth_host*, const char* id) -> const void* {
      return facets::find_of_host<FakeHost>(id);
    };
  }

  static void set_config(berth_host& host) {
    host.config_kind = [](const berth_config* c) -> int32_t {
      return c == nullptr ? static_cast<int>(BERTH_CONFIG_ABSENT) : node(c)->kind();
    };
    host.config_size = [](const berth_config* c) {
      return c == nullptr ? size_t{0} : node(c)->size();
    };
    host.config_at = [](const berth_config* c, size_t i) {
      return c == nullptr ? nullptr : handle(node(c)->value(i));
    };
    host.config_key_at = [](const berth_config* c, size_t i) {
      return c == nullptr ? nullptr : handle(node(c)->key(i));
    };
    host.config_get = [](const berth_config* c, berth_str key) {
      return c == nullptr ? nullptr : handle(node(c)->find(view(key)));
    };
    host.config_text = [](const berth_config* c) {
      return c == nullptr ? berth_str{"", 0} : str(node(c)->text());
    };
    host.config_position = [](const berth_config* c, berth_str* file, uint32_t* line,
                              uint32_t* column) -> int32_t {
      if (c == nullptr) return BERTH_E_INVALID;
      *file = {"test.yaml", 9};
      *line = *column = 1;
      return BERTH_OK;
    };
    host.config_fail = [](const berth_config* c, berth_str message) -> int32_t {
      if (c != nullptr) node(c)->complain(view(message));
      return BERTH_E_INVALID;
    };
  }

  static void set_request(berth_host& host) {
    using R = const berth_request;
    host.req_method = [](R* r) { return str(of(r, "req_method").request.method); };
    host.req_target = [](R* r) { return str(of(r, "req_target").request.target); };
    host.req_path = [](R* r) { return str(of(r, "req_path").path); };
    host.req_query = [](R* r) { return str(of(r, "req_query").query); };
    host.req_protocol = [](R* r) { return str(of(r, "req_protocol").request.protocol); };
    host.req_scheme = [](R* r) { return str(of(r, "req_scheme").request.scheme); };
    host.req_host = [](R* r) { return str(of(r, "req_host").request.host); };
    host.req_remote = [](R* r) { return str(of(r, "req_remote").request.remote_address); };
    host.req_local = [](R* r) { return str(of(r, "req_local").request.local_address); };
    host.req_listener = [](R* r) { return str(of(r, "req_listener").request.listener); };
    host.req_pattern = [](R* r) { return str(of(r, "req_pattern").route); };
    host.req_query_value = [](R* r, berth_str name) {
      return value_of(of(r, "req_query_value").query_values, name, false);
    };
    host.req_query_at = [](R* r, size_t i, berth_str* name, berth_str* value) {
      return field_at(of(r, "req_query_at").query_values, i, name, value);
    };
    host.req_path_value = [](R* r, berth_str name) {
      return value_of(of(r, "req_path_value").request.path_values, name, false);
    };
    host.req_header = [](R* r, berth_str name) {
      return value_of(of(r, "req_header").request.headers, name, true);
    };
    host.req_header_at = [](R* r, size_t i, berth_str* name, berth_str* value) {
      return field_at(of(r, "req_header_at").request.headers, i, name, value);
    };
    host.req_trailer = [](R* r, berth_str name) {
      const Exchange& exchange = of(r, "req_trailer");
      if (!exchange.body_ended) return berth_str{nullptr, 0};
      return value_of(exchange.request.trailers, name, true);
    };
    host.req_trailer_at = [](R* r, size_t i, berth_str* name, berth_str* value) {
      const Exchange& exchange = of(r, "req_trailer_at");
      return exchange.body_ended ? field_at(exchange.request.trailers, i, name, value) : 0;
    };
    host.req_content_length = [](R* r) {
      return of(r, "req_content_length").request.content_length;
    };
    host.req_read = [](berth_request* r, void* buffer, size_t capacity) -> int64_t {
      auto* exchange = reinterpret_cast<Exchange*>(r);
      if (!exchange->usable("req_read")) return BERTH_E_STATE;
      return exchange->read(static_cast<char*>(buffer), capacity);
    };
    host.req_cancelled = [](R* r) -> int32_t {  // any thread
      return reinterpret_cast<const Exchange*>(r)->request.cancelled ? 1 : 0;
    };
    host.req_deadline = [](R* r) { return of(r, "req_deadline").request.deadline; };
    host.req_facet = [](berth_request* r, const char* id) -> const void* {
      const bool usable = reinterpret_cast<Exchange*>(r)->usable("req_facet");
      return usable ? facets::find_of_request(id) : nullptr;
    };
    host.req_retain = [](berth_request*, berth_response*) -> int32_t { return BERTH_E_STATE; };
    host.req_release = [](berth_request*, int32_t) -> int32_t { return BERTH_E_STATE; };
  }

  static void set_response(berth_host& host) {
    using W = berth_response;
    host.resp_header_set = [](W* w, berth_str name, berth_str value) {
      return guarded(w, "resp_header_set", [&](Exchange& e) {
        return e.change_header("resp_header_set", view(name), view(value), true);
      });
    };
    host.resp_header_add = [](W* w, berth_str name, berth_str value) {
      return guarded(w, "resp_header_add", [&](Exchange& e) {
        return e.change_header("resp_header_add", view(name), view(value), false);
      });
    };
    host.resp_header_remove = [](W* w, berth_str name) {
      return guarded(w, "resp_header_remove", [&](Exchange& e) {
        return e.change_header("resp_header_remove", view(name), std::nullopt, true);
      });
    };
    host.resp_header_get = [](const W* w, berth_str name) {
      static_cast<void>(of(w).usable("resp_header_get"));
      return value_of(of(w).response.headers, name, true);
    };
    host.resp_status = [](W* w, int32_t code) {
      return guarded(w, "resp_status", [&](Exchange& e) { return e.status(code); });
    };
    host.resp_status_get = [](const W* w) -> int32_t {
      static_cast<void>(of(w).usable("resp_status_get"));
      return of(w).response.status;
    };
    host.resp_write = [](W* w, const void* bytes, size_t size) {
      return guarded(w, "resp_write", [&](Exchange& e) {
        return e.write(size == 0 ? std::string_view{}
                                 : std::string_view(static_cast<const char*>(bytes), size));
      });
    };
    host.resp_trailer_declare = [](W* w, berth_str name) {
      return guarded(w, "resp_trailer_declare",
                     [&](Exchange& e) { return e.declare_trailer(view(name)); });
    };
    host.resp_trailer_add = [](W* w, berth_str name, berth_str value) {
      return guarded(w, "resp_trailer_add",
                     [&](Exchange& e) { return e.add_trailer(view(name), view(value)); });
    };
    host.resp_facet = [](W* w, const char* id) -> const void* {
      return of(w).usable("resp_facet") ? facets::find(of(w), id) : nullptr;
    };
    host.next = [](berth_request*, W* w, const berth_filter* filter) {
      return guarded(w, "next", [&](Exchange& e) { return e.next(filter); });
    };
    host.filter_pass = [](berth_sink* sink, const void* bytes, size_t size) {
      return Exchange::pass(sink, size == 0
                                      ? std::string_view{}
                                      : std::string_view(static_cast<const char*>(bytes), size));
    };
  }

  static berth_host make_table() {
    berth_host host{};
    host.size = sizeof host;
    host.abi_major = BERTH_ABI_MAJOR;
    host.abi_minor = BERTH_ABI_MINOR;
    set_services(host);
    set_config(host);
    set_request(host);
    set_response(host);
    return host;
  }
};

}  // namespace berth::testing
