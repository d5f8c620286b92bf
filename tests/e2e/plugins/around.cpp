// Middleware of every sort, and handlers that answer in every way.
#include <berth/plugin.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

// Lower case letters of the body become capitals, one for one.
class UpperBody : public berth::BodyFilter {
 public:
  explicit UpperBody(bool keeps_length) : keeps_length_(keeps_length) {}
  void on_head(berth::ResponseWriter& response, const berth::Request&) override {
    const auto length = response.header("Content-Length");
    if (keeps_length_ && length) response.set_header("Content-Length", std::string(*length));
  }
  void on_body(berth::ResponseWriter&, const berth::Request&, berth::Sink& out,
               std::string_view bytes) override {
    std::string text(bytes);
    for (char& c : text) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    out.pass(text);
  }

 private:
  const bool keeps_length_;
};

class Upper : public berth::Middleware {
 public:
  explicit Upper(const berth::Config& config)
      : keeps_length_(config.get<bool>("keep_length", false)) {}
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override {
    next(std::make_unique<UpperBody>(keeps_length_));
  }

 private:
  const bool keeps_length_;
};

// Adds its tag to the field Around, and behind the body.
class TagBody : public berth::BodyFilter {
 public:
  explicit TagBody(const std::string& tag) : tag_(tag) {}
  void on_head(berth::ResponseWriter& response, const berth::Request&) override {
    response.add_header("Around", tag_);
  }
  void on_body(berth::ResponseWriter&, const berth::Request&, berth::Sink& out,
               std::string_view bytes) override {
    out.pass(bytes);
  }
  void on_last(berth::ResponseWriter&, const berth::Request&, berth::Sink& out) override {
    out.pass(" " + tag_);
  }
  void on_end(berth::ResponseWriter&, const berth::Request&, bool complete) override {
    berth::log(berth::Level::info, complete ? "complete" : "incomplete", {{"tag", tag_}});
  }

 private:
  const std::string& tag_;
};

class Tag : public berth::Middleware {
 public:
  explicit Tag(const berth::Config& config) : tag_(config.get<std::string>("tag")) {}
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override {
    next(std::make_unique<TagBody>(tag_));
  }

 private:
  const std::string tag_;
};

class Gate : public berth::Middleware {
  void serve(berth::ResponseWriter& response, berth::Request& request, berth::Next& next) override {
    if (request.header("Key") == "open") return next();
    response.status(403);
    response.write("no entry");
  }
};

class Throws : public berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next&) override {
    throw std::runtime_error("out of a middleware");
  }
};

// Answers for those behind it where they have failed.
class Recover : public berth::Middleware {
  void serve(berth::ResponseWriter& response, berth::Request&, berth::Next& next) override {
    try {
      next();
    } catch (const berth::Error&) {
      if (response.committed()) throw;
      response.status(502);
      response.write("recovered");
    }
  }
};

// Logs what became of each request, with nothing but what its filter is given.
class JournalHead : public berth::Filter {
  void on_end(berth::ResponseWriter& response, const berth::Request& request,
              bool complete) override {
    berth::log(berth::Level::info, "journal",
               {{"target", request.target()},
                {"agent", request.header("User-Agent").value_or("-")},
                {"status", std::to_string(response.status())},
                {"whole", complete ? "yes" : "no"}});
  }
};

class Journal : public berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override {
    next(std::make_unique<JournalHead>());
  }
};

// Leaves who calls for the handler, and counts the requests of the connection.
class Remember : public berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request& request, berth::Next& next) override {
    request.values().set("around.caller", request.header("Caller").value_or("nobody"));
    const berth::Values connection = request.connection_values();
    connection.set("around.requests",
                   std::string(connection.get("around.requests").value_or("")) + "I");
    next();
  }
};

class BadBody : public berth::BodyFilter {
  void on_body(berth::ResponseWriter&, const berth::Request&, berth::Sink&,
               std::string_view) override {
    throw std::runtime_error("out of a filter");
  }
};

class Bad : public berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override {
    next(std::make_unique<BadBody>());
  }
};

// How many requests /wait holds, and whether /go has let them go.
class Meeting {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void go(int waiting) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, waiting] { return waiting_ == waiting; });
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

// Answers as {how} of the pattern says.
class Answer : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const std::string_view how = request.path_value("how").value_or("");
    if (how == "length") {
      response.set_header("Content-Length", "3");
      response.write("abc");
    } else if (how == "chunked") {
      for (int i = 0; i < 3; ++i) response.write(std::string(4096, 'a'));
    } else if (how == "flush") {
      response.write("one ");
      response.as<berth::Flusher>()->flush();
      response.write("two");
    } else if (how == "204" || how == "304") {
      response.status(how == "204" ? 204 : 304);
    } else if (how == "throw") {
      throw std::runtime_error("out of a handler");
    } else if (how == "cut") {
      response.write("abc");
      response.as<berth::Flusher>()->flush();
      throw std::runtime_error("behind the head");
    } else if (how == "trailer") {
      response.write(std::string(4096, 'a'));
      response.add_trailer("Behind", "1");
    } else if (how == "wait") {
      meeting_.wait();
      response.write("waited");
    } else if (how == "go") {
      meeting_.go(std::stoi(std::string(request.query_value("waiting").value_or("0"))));
      response.write("gone");
    } else if (how == "overdue") {  // until the deadline has answered
      for (;; std::this_thread::yield()) response.write("");
    } else if (how == "endless") {  // until the client is gone
      for (;;) response.write(std::string(65536, 'a'));
    } else if (how == "body") {
      std::array<char, 16384> buffer;
      while (const std::size_t size = request.read(buffer)) response.write({buffer.data(), size});
    } else if (how == "values") {
      const auto active = request.connection_counts().active;
      response.write(std::string(request.values().get("around.caller").value_or("-"))
                         .append(" ")
                         .append(request.connection_values().get("around.requests").value_or("-"))
                         .append(" ")
                         .append(request.listener_values().get("zone").value_or("-"))
                         .append(" active ")
                         .append(std::to_string(active)));
    } else if (how == "hijack") {
      auto connection = response.as<berth::Hijacker>()->hijack();
      connection.write("raw\n", std::chrono::seconds(10));
    } else {
      response.write(how);
    }
  }

  Meeting meeting_;
};

}  // namespace

BERTH_PLUGIN(berth::handler<Answer>("answer"), berth::middleware<Upper>("upper"),
             berth::middleware<Tag>("tag"), berth::middleware<Gate>("gate"),
             berth::middleware<Throws>("throws"), berth::middleware<Bad>("bad"),
             berth::middleware<Recover>("recover"), berth::middleware<Journal>("journal"),
             berth::middleware<Remember>("remember"));
