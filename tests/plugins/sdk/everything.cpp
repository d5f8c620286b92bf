// A plugin for the tests of the SDK: it uses every part, and breaks the contract where asked to.
#include <berth/plugin.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

// All that a request tells, a line each.
class Mirror : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    std::string text;
    const auto line = [&](std::string_view name, std::string_view value) {
      text.append(name).append("=").append(value).append("\n");
    };
    line("method", request.method());
    line("target", request.target());
    line("path", request.path());
    line("query", request.query());
    line("protocol", request.protocol());
    line("scheme", request.scheme());
    line("host", request.host());
    line("remote", request.remote_address());
    line("peer", request.peer_address());
    line("local", request.local_address());
    line("listener", request.listener());
    line("pattern", request.pattern());
    line("id", request.path_value("id").value_or("(none)"));
    line("q", request.query_value("q").value_or("(none)"));
    line("X-A", request.header("x-a").value_or("(none)"));
    for (const auto& [name, value] : request.query_values()) line("?" + std::string(name), value);
    for (const auto& [name, value] : request.headers()) line(":" + std::string(name), value);
    const auto length = request.content_length();
    line("length", length ? std::to_string(*length) : "unknown");
    line("early trailer", request.trailer("X-T").value_or("(none)"));
    line("body", request.read_all(100));
    line("trailer", request.trailer("x-t").value_or("(none)"));
    for (const auto& [name, value] : request.trailers()) line("/" + std::string(name), value);
    line("cancelled", request.cancelled() ? "yes" : "no");
    const auto deadline = request.deadline();
    line("deadline", deadline ? std::to_string(deadline->time_since_epoch().count()) : "none");
    response.write(text);
  }
};

// Reads the key "is" as the type the key "type" names, and answers what it got.
class Settings : public berth::Handler {
 public:
  explicit Settings(const berth::Mount& mount) : text_(read(mount)) {}
  void serve(berth::ResponseWriter& response, berth::Request&) override { response.write(text_); }

 private:
  static std::string read(const berth::Mount& mount) {
    const berth::Config config = mount.config();
    const auto type = config.get<std::string>("type", "string");
    if (type == "string") return config.get<std::string>("is");
    if (type == "bool") return config.get<bool>("is") ? "yes" : "no";
    if (type == "int64") return std::to_string(config.get<std::int64_t>("is"));
    if (type == "uint16") return std::to_string(config.get<std::uint16_t>("is"));
    if (type == "double") return std::to_string(config.get<double>("is"));
    if (type == "duration") return std::to_string(config.get<berth::Duration>("is").count());
    if (type == "bytes") return std::to_string(config.get<berth::Bytes>("is").count);
    if (type == "path") return config.get<berth::Path>("is").name;
    if (type == "fallback") return std::to_string(config.get<int>("is", 42));
    if (type == "optional") return config.find<int>("is") ? "there" : "absent";
    if (type == "plugin") return mount.plugin_config().get<std::string>("is");
    if (type == "position") return berth::ConfigError(nullptr, "").position() + "|" + at(config);
    if (type == "kind") return std::string(mount.kind()) + " at " + std::string(mount.pattern());
    std::string joined;
    if (type == "list") {
      for (const int n : config.get<std::vector<int>>("is")) joined += std::to_string(n) + ";";
    } else if (type == "map") {
      for (const auto& [key, value] : config.get<std::map<std::string, int>>("is")) {
        joined += key + ":" + std::to_string(value) + ";";
      }
    } else if (type == "nested") {
      for (std::size_t i = 0; i < config["is"].size(); ++i) {
        joined += std::to_string(config["is"].at(i)["limits"].get<int>("port")) + ";";
      }
    } else if (type == "throw") {
      throw std::runtime_error("no such file");
    } else {
      throw 1;
    }
    return joined;
  }
  static std::string at(const berth::Config& config) {
    try {
      config["is"].fail("never mind");
    } catch (const berth::ConfigError& error) {
      return error.position() + ": " + error.what();
    }
  }
  std::string text_;
};

// Does what the query parameter "do" says.
class Act : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const std::string_view what = request.query_value("do").value_or("");
    if (what == "throw") throw std::runtime_error("the database is gone");
    if (what == "throw late") {
      response.write("half");
      throw std::runtime_error("too late");
    }
    if (what == "throw int") throw 1;
    if (what == "values") {
      const berth::Values mine = request.values();
      mine.set("greeting", std::string(mine.get("greeting").value_or("no")) + "!");
      request.connection_values().set("seen", "yes");
      response.write(request.listener_values().get("zone").value_or("nowhere"));
      response.write(" " + std::to_string(request.connection_counts().idle));
    }
    if (what == "listener value") request.listener_values().set("zone", "mine");
    if (what == "nameless value") request.values().set("", "x");
    if (what == "large value") request.values().set("n", std::string(8192, 'x'));
    if (what == "bad name") response.set_header("a b", "c");
    if (what == "split") response.set_header("A", "b\r\nSet-Cookie: c");
    if (what == "framing") response.set_header("transfer-encoding", "chunked");
    if (what == "bad length") response.set_header("Content-Length", "12x");
    if (what == "late header") {
      response.status(200);
      response.set_header("A", "b");
    }
    if (what == "status twice") {
      response.status(200);
      response.status(404);
    }
    if (what == "status 42") response.status(42);
    if (what == "status 101") response.status(101);
    if (what == "body of 204" || what == "body of 205") {
      response.status(what == "body of 204" ? 204 : 205);
      response.write("x");
    }
    if (what == "too long" || what == "too short") {
      response.set_header("Content-Length", "3");
      response.write(what == "too long" ? "abcd" : "ab");
    }
    if (what == "bad trailer") response.add_trailer("Content-Length", "1");
    if (what == "all right") all_right(response);
  }

 private:
  static void all_right(berth::ResponseWriter& response) {
    response.add_header("Link", "</a.css>");
    response.status(103);
    response.remove_header("Link");
    response.add_header("Vary", "a");
    response.add_header("Vary", "b");
    response.set_header("X-Before", response.committed() ? "committed" : "open");
    response.set_header("X-Vary", response.header("vary").value_or("none"));
    response.declare_trailer("X-Sum");
    response.status(201);
    response.write("one ");
    if (auto flusher = response.as<berth::Flusher>()) flusher->flush();
    if (response.as<berth::Hijacker>()) response.write("hijacker?");
    response.write("two");
    response.add_trailer("X-Sum", "12");
    berth::log(berth::Level::warn, "all right",
               {{"number", -7}, {"large", UINT64_MAX}, {"text", "t"}, {"flag", false}});
  }
};

void start(const berth::Config& config, berth::Phase phase) {
  if (config.get<bool>("fails", false)) throw std::runtime_error("port 1 is taken");
  berth::log(berth::Level::info, "started", {{"phase", static_cast<int>(phase)}});
}
void stop() { berth::log(berth::Level::info, "stopped"); }
void self_test() { berth::log(berth::Level::info, "tested"); }

}  // namespace

BERTH_PLUGIN(berth::handler<Mirror>("mirror"), berth::on_start(start),
             berth::handler<Settings>("settings"), berth::on_stop(stop), berth::handler<Act>("act"),
             berth::on_self_test(self_test));
