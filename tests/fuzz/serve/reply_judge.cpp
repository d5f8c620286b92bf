#include "fuzz/serve/reply_judge.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "support/reply_reader.h"

namespace berth::fuzz {

namespace {

using test::Reply;

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

class Judge {
 public:
  Judge(const Outcome& outcome, const ClientScript& script)
      : outcome_(outcome), script_(script), rest_(outcome.transcript.bytes) {}

  std::optional<std::string> run() {
    if (!outcome_.transcript.broken.empty()) return outcome_.transcript.broken;
    while (!rest_.empty() && problem_.empty()) take_one();
    if (problem_.empty()) judge_end();
    if (problem_.empty()) return std::nullopt;
    return problem_;
  }

 private:
  void require(bool holds, const char* rule) {
    if (!holds && problem_.empty()) problem_ = rule;
  }

  void take_one() {
    require(!closing_, "nothing follows a reply that said close");
    // The number stands in the head, and tells before the body is read whether there may be one.
    const std::string head = rest_.substr(0, rest_.find("\r\n\r\n"));
    const bool numbered = head.find("\r\nX-Served: ") != std::string::npos;
    const ServedRequest* served =
        next_ < outcome_.served.size() ? &outcome_.served[next_] : nullptr;
    const bool answers = served != nullptr && (numbered || served->failed) && !of_server(head);
    const std::string before = rest_;
    auto reply = test::take_reply(rest_, answers && served->head, true);
    if (reply && !answers && !reply->whole && reply->says_close()) {
      // A refused HEAD has a length and no body.
      rest_ = before;
      reply = test::take_reply(rest_, true, true);
    }
    if (!reply) return require(false, "a reply is a reply");
    if (!reply->problem.empty()) {
      problem_ = reply->problem;
      return;
    }
    judge_fields(*reply);
    if (reply->status < 200) {
      require(reply->whole, "an informational reply is whole");
      require(reply->status == 100 || reply->status == 103, "nobody sent such an informational");
      require(!reply->field("Content-Length") && !reply->field("Transfer-Encoding"),
              "an informational reply has no body");
      return;
    }
    judge_final(*reply, answers ? served : nullptr);
    if (answers) {
      ++next_;
      require(!numbered || reply->has("X-Served", std::to_string(next_)),
              "replies are in the order of their requests");
    } else if (!of_server(head)) {
      require(!numbered, "a reply belongs to a request");
      require(reply->status >= 400 && reply->says_close(), "who refuses a request closes");
    }
  }

  // OPTIONS * is answered by the server itself: nobody counts it.
  [[nodiscard]] bool of_server(std::string_view head) const {
    return script_.bytes.find("OPTIONS") != std::string_view::npos &&
           head.starts_with("HTTP/1.1 200 OK\r\nDate: ") &&
           head.find("X-Served") == std::string_view::npos &&
           head.find("Content-Length: 0") != std::string_view::npos;
  }

  void judge_fields(const Reply& reply) {
    require(reply.status >= 100 && reply.status <= 599, "a status is a status");
    require(!has_controls(reply.status_line), "no controls in the status line");
    for (const auto* lines : {&reply.fields, &reply.trailers}) {
      for (const auto& [name, value] : *lines) {
        require(is_token(name), "a field name is a token");
        require(!has_controls(value), "no controls in a field value");
      }
    }
  }

  void judge_final(const Reply& reply, const ServedRequest* served) {
    const auto length = reply.field("Content-Length");
    const auto coding = reply.field("Transfer-Encoding");
    const bool hijacked = served != nullptr && served->hijacked;
    const bool failed = served != nullptr && served->failed;
    require(!coding || *coding == "chunked", "one coding at most, and that is chunked");
    require(!(coding && length), "one framing");
    require(hijacked || reply.field("Date").value_or("(twice)") != "(twice)", "one Date");
    if (reply.status == 204) require(!coding && !length, "a 204 has no framing");
    if (reply.status == 304) require(!coding, "a 304 has no coding");
    closing_ = reply.says_close();
    const bool without_body =
        reply.status == 204 || reply.status == 304 || (served != nullptr && served->head);
    if (!coding && !length && !without_body) {
      require(closing_, "a body without framing ends by closing");
    }
    const bool gone = script_.end == ClientScript::End::kReset;
    require(reply.whole || failed || gone, "a reply is whole");
    if (!reply.whole) closing_ = true;
    if (failed && closing_) cut_ = true;
  }

  void judge_end() {
    const bool gone = script_.end == ClientScript::End::kReset;
    require(!outcome_.transcript.reset || cut_ || gone || next_ < outcome_.served.size(),
            "only a reply that could not be completed is cut");
    // One that could not be sent at all may have been the last.
    const std::size_t missing = outcome_.served.size() - next_;
    const bool last_failed = missing == 1 && outcome_.served.back().failed;
    require(missing == 0 || gone || (last_failed && outcome_.transcript.reset),
            "every request that was served is answered");
  }

  const Outcome& outcome_;
  const ClientScript& script_;
  std::string rest_;
  std::size_t next_ = 0;  // of the served requests
  bool closing_ = false;
  bool cut_ = false;
  std::string problem_;
};

}  // namespace

std::optional<std::string> judge(const Outcome& outcome, const ClientScript& script) {
  return Judge(outcome, script).run();
}

}  // namespace berth::fuzz
