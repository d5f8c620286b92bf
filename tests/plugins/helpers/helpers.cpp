// A handler for each helper of the SDK, told by the query what to do: here without a server, in
// tests/e2e as a file.
#include <berth/plugin.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::uint64_t number(const berth::Request& request, std::string_view name) {
  const std::string_view text = request.query_value(name).value_or("0");
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Sets each parameter but "status" and "text" as a field, then fails.
class Fails : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    for (const auto& [name, value] : request.query_values()) {
      if (name != "status" && name != "text") response.set_header(name, value);
    }
    if (!request.query_value("status")) return berth::not_found(response);
    berth::error_reply(response, static_cast<int>(number(request, "status")),
                       request.query_value("text").value_or(""));
  }
};

class Redirects : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    if (const auto type = request.query_value("type")) response.set_header("Content-Type", *type);
    berth::redirect(response, request, request.query_value("to").value_or(""),
                    static_cast<int>(number(request, "status")));
  }
};

// The pairs of the query, a line each, and those of the name "a" again.
class Queries : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const berth::Query query(request, 5);
    std::string text;
    for (const auto& [name, value] : query) text.append(name).append("=").append(value).append(";");
    text.append(" first=").append(query.first("a").value_or("(none)")).append(" all=");
    for (const std::string_view value : query.all("a")) text.append(value).append(",");
    text.append(" left out=").append(std::to_string(query.left_out()));
    response.write(text);
  }
};

// Reads up to `max` bytes, in pieces of `step`, and tells what came before the end or the error.
class Limited : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    berth::MaxBody body(request, number(request, "max"));
    if (!request.query_value("step")) return response.write(body.read_all());
    std::array<char, 64> buffer;
    const auto out = std::span(buffer).first(number(request, "step"));
    std::string text;
    try {
      while (const std::size_t size = body.read(out)) text.append(out.data(), size).append("|");
    } catch (const berth::BodyTooLarge& error) {
      berth::error_reply(response, 413, text + " above " + std::to_string(error.max_bytes()));
      return;
    }
    response.write(text);
  }
};

class Paths : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    if (request.query_value("redirect")) return berth::redirect(response, request, "./in", 302);
    response.write(std::string(request.path()) + " " + std::string(request.raw_path()) + " " +
                   std::string(request.target()));
  }
};

// Paths below the prefixes in `config:`, the outermost first.
class Stripped : public berth::Handler {
 public:
  explicit Stripped(const berth::Config& config) : handler_(std::make_unique<Paths>()) {
    const auto prefixes = config.get<std::vector<std::string>>("prefixes");
    for (auto prefix = prefixes.rbegin(); prefix != prefixes.rend(); ++prefix) {
      handler_ = std::make_unique<berth::StripPrefix>(*prefix, std::move(handler_));
    }
  }
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    handler_->serve(response, request);
  }

 private:
  std::unique_ptr<berth::Handler> handler_;
};

// "0123456789" with the entity tag in the query; fields of the query that begin with a capital are
// set before.
class Contents : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    for (const auto& [name, value] : request.query_values()) {
      if (name.front() >= 'A' && name.front() <= 'Z') response.set_header(name, value);
    }
    berth::Validators validators;
    validators.etag = request.query_value("etag").value_or("");
    validators.modified = static_cast<std::time_t>(number(request, "modified"));
    berth::serve_content(response, request, berth::BytesContent("0123456789"),
                         request.query_value("type").value_or("text/plain"), validators);
  }
};

class File : public berth::Handler {
 public:
  explicit File(const berth::Config& config) : path_(config.get<berth::Path>("file").name) {}
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    berth::serve_file(response, request, path_);
  }

 private:
  const std::string path_;
};

}  // namespace

BERTH_PLUGIN(berth::handler<Fails>("fails"), berth::handler<Redirects>("redirects"),
             berth::handler<Queries>("queries"), berth::handler<Limited>("limited"),
             berth::handler<Stripped>("stripped"), berth::handler<Contents>("contents"),
             berth::handler<File>("file"));
