// A chain whose steps are functions of a test, and a filter that writes down what it is told.
#pragma once

#include <berth/abi.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_exchange.h"
#include "plugin/plugin_chain.h"
#include "recording_sink.h"

namespace berth::plugin {

using Lines = std::vector<std::string>;

// serve() of a step, with the table of the host it came from.
using Serve = std::function<std::int32_t(const berth_host&, berth_request*, berth_response*)>;

inline berth_str str(std::string_view text) { return {text.data(), text.size()}; }

// What was told to a filter, "head 200", "body abc", "end 0" and the like.
struct Told {
  Lines lines;
  const berth_host* host = nullptr;
  berth_request* request = nullptr;
  std::int32_t head_result = BERTH_OK;
  std::int32_t body_result = BERTH_OK;  // of the second piece on
  std::int32_t end_result = BERTH_OK;
  const char* throws = "";         // in which function
  const char* adds = nullptr;      // a field, in on_head()
  const char* declares = nullptr;  // a Content-Length, likewise
  bool keeps_failures = false;     // of what it passes to itself

  berth_filter table{sizeof(berth_filter), this, on_head, on_body, on_end};

  static std::int32_t on_head(void* self, berth_response* response) {
    auto& told = *static_cast<Told*>(self);
    told.lines.push_back("head " + std::to_string(told.host->resp_status_get(response)));
    EXPECT_EQ(told.host->next(told.request, response, nullptr), BERTH_E_STATE);
    told.throw_in("head");
    if (told.adds != nullptr) told.host->resp_header_set(response, str(told.adds), str("1"));
    if (told.declares != nullptr) {
      told.host->resp_header_set(response, str("Content-Length"), str(told.declares));
    }
    return told.head_result;
  }
  static std::int32_t on_body(void* self, berth_response*, berth_sink* sink, const void* bytes,
                              std::size_t size) {
    auto& told = *static_cast<Told*>(self);
    const bool first = told.lines.size() == 1;
    told.lines.push_back("body " + std::string(static_cast<const char*>(bytes), size));
    told.throw_in("body");
    if (!first && told.body_result != BERTH_OK) return told.body_result;
    const std::string text = "<" + std::string(static_cast<const char*>(bytes), size) + ">";
    const std::int64_t passed = told.host->filter_pass(sink, text.data(), text.size());
    if (told.keeps_failures) return BERTH_OK;
    return passed < 0 ? static_cast<std::int32_t>(passed) : BERTH_OK;
  }
  static std::int32_t on_end(void* self, berth_response*, berth_sink* sink, std::int32_t result) {
    auto& told = *static_cast<Told*>(self);
    told.lines.push_back("end " + std::to_string(result));
    EXPECT_EQ(told.host->filter_pass(sink, "", 0), result == BERTH_OK ? 0 : BERTH_E_STATE);
    told.throw_in("end");
    return told.end_result;
  }
  void throw_in(const std::string& function) const {
    if (throws == function) throw std::runtime_error("out of a filter");
  }
};

// A chain whose steps are functions of the test, each of a plugin of its own: a, b... and handler.
class Chain {
 public:
  Chain(std::vector<Serve> middleware, Serve handler) {
    PluginChain::Middleware made;
    for (Serve& serve : middleware) {
      Step& step = add(std::string(1, static_cast<char>('a' + made.size() % 26)), std::move(serve));
      step.middleware = {sizeof(berth_middleware), &step, run, nullptr};
      made.push_back(
          std::make_shared<PluginMiddleware>(step.middleware, "kind", "GET /a", *step.host));
    }
    Step& last = add("handler", std::move(handler));
    last.handler = {sizeof(berth_handler), &last, run, nullptr};
    chain_ = std::make_unique<PluginChain>(
        std::move(made),
        std::make_shared<PluginHandler>(last.handler, "kind", "GET /a", *last.host));
  }

  const std::string& serve() { return exchange.run(*chain_); }
  // On the thread that had `before` last.
  const std::string& serve_after(Chain& before) {
    before.exchange.begin();
    return before.exchange.run(*chain_);
  }

  RecordingSink sink;
  FakeExchange exchange;

 private:
  struct Step {
    std::unique_ptr<HostTable> host;
    Serve serve;
    berth_middleware middleware{};
    berth_handler handler{};
  };
  static std::int32_t run(void* self, berth_request* request, berth_response* response) {
    const auto& step = *static_cast<const Step*>(self);
    return step.serve(*step.host->get(), request, response);
  }
  Step& add(std::string alias, Serve serve) {
    steps_.push_back(std::make_unique<Step>());
    steps_.back()->host = std::make_unique<HostTable>(std::move(alias), sink);
    steps_.back()->serve = std::move(serve);
    return *steps_.back();
  }

  std::vector<std::unique_ptr<Step>> steps_;
  std::unique_ptr<PluginChain> chain_;
};

inline Serve writes(const char* text) {
  return [text](const berth_host& host, berth_request*, berth_response* response) {
    const berth_str bytes = str(text);
    return host.resp_write(response, bytes.data, bytes.size) < 0 ? BERTH_E_FAILED : BERTH_OK;
  };
}

inline Serve logs_around(const char* name) {
  return [name](const berth_host& host, berth_request* request, berth_response* response) {
    const std::string in = std::string("into ") + name;
    const std::string out = std::string("out of ") + name;
    host.log(&host, BERTH_INFO, str(in), nullptr, 0);
    const std::int32_t result = host.next(request, response, nullptr);
    host.log(&host, BERTH_INFO, str(out), nullptr, 0);
    return result;
  };
}

inline Serve filters(Told& told) {
  return [&told](const berth_host& host, berth_request* request, berth_response* response) {
    told.host = &host;
    told.request = request;
    return host.next(request, response, &told.table);
  };
}

// Writes the bytes, flushes them if it shall, then returns the result.
inline Serve writes_then(std::string bytes, bool flushes, std::int32_t result) {
  return [=](const berth_host& host, berth_request*, berth_response* response) {
    host.resp_write(response, bytes.data(), bytes.size());
    const auto* flusher =
        static_cast<const berth_flusher*>(host.resp_facet(response, BERTH_FLUSHER));
    if (flushes) (void)flusher->flush(response);
    return result;
  };
}

inline Serve returns(std::int32_t result) {
  return [result](const berth_host&, berth_request*, berth_response*) { return result; };
}

}  // namespace berth::plugin
