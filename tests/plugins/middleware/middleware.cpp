// Middleware that writes down what its filter is told, and some that answers for others.
#include <berth/plugin.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace {

void note(std::string_view what, const berth::Request& request, std::string_view more = {}) {
  std::string line(what);
  line.append(" ").append(request.target());
  if (!more.empty()) line.append(" ").append(more);
  berth::log(berth::Level::info, line);
}

// Passes everything on, as it comes.
class JournalBody : public berth::BodyFilter {
 public:
  void on_head(berth::ResponseWriter& response, const berth::Request& request) override {
    note("head", request, std::to_string(response.status()));
  }
  void on_body(berth::ResponseWriter&, const berth::Request& request, berth::Sink& out,
               std::string_view bytes) override {
    note("body", request, bytes.size() > 100 ? "(large)" : bytes);
    out.pass(bytes);
  }
  void on_flush(berth::ResponseWriter&, const berth::Request& request, berth::Sink&) override {
    note("flush", request);
  }
  void on_last(berth::ResponseWriter&, const berth::Request& request, berth::Sink&) override {
    note("last", request);
  }
  void on_end(berth::ResponseWriter&, const berth::Request& request, bool complete) override {
    note("end", request, complete ? "complete" : "incomplete");
  }
};

class Journal : public berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request& request, berth::Next& next) override {
    next(std::make_unique<JournalBody>());
    note("out", request);
  }
};

// Answers for those behind it where they have failed, if it may.
class Recover : public berth::Middleware {
  void serve(berth::ResponseWriter& response, berth::Request&, berth::Next& next) override {
    try {
      next();
    } catch (const berth::Error&) {
      if (response.committed()) throw;
      response.status(503);
      response.write("sorry");
    }
  }
};

class Twice : public berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override {
    next();
    next(std::make_unique<JournalBody>());
  }
};

}  // namespace

BERTH_PLUGIN(berth::middleware<Journal>("journal"), berth::middleware<Recover>("recover"),
             berth::middleware<Twice>("twice"));
