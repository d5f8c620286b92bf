#include "app/control_request.h"

#include <Poco/Exception.h>
#include <Poco/JSON/Handler.h>
#include <Poco/JSON/Parser.h>

#include <cstddef>
#include <exception>
#include <set>
#include <stdexcept>

#include "config/printable.h"

namespace berth::app {

namespace {

[[noreturn]] void refuse(const std::string& text) { throw std::runtime_error(text); }

// Poco's events of one flat object. Throws at the first that does not belong: so nothing nests, and
// nothing is kept that nobody asked for.
class FlatObject final : public Poco::JSON::Handler {
 public:
  explicit FlatObject(const ControlMembers& taken) : taken_(taken) {}

  [[nodiscard]] const ControlRequest& request() const noexcept { return request_; }

  void reset() override {}
  void startObject() override {
    if (opened_) refuse(wrong_type());
    opened_ = true;
  }
  void endObject() override {}
  void startArray() override { refuse(opened_ ? wrong_type() : "the body is not an object"); }
  void endArray() override {}
  void key(const std::string& name) override {
    const bool known = (name == "dry_run" && taken_.dry_run) || (name == "to" && taken_.to);
    if (!known) refuse("unknown member " + config::quote(name) + taken_text());
    if (!seen_.insert(name).second) refuse(config::quote(name) + " stands twice");
    name_ = name;
  }
  void null() override { refuse(wrong_type()); }
  void value(int number) override { value(static_cast<Poco::Int64>(number)); }
  void value(unsigned number) override { value(static_cast<Poco::UInt64>(number)); }
  void value(Poco::Int64 number) override {
    if (number < 0) refuse(wrong_type());
    value(static_cast<Poco::UInt64>(number));
  }
  void value(Poco::UInt64 number) override {
    if (name_ != "to" || number == 0) refuse(wrong_type());
    request_.to = number;
  }
  void value(const std::string&) override { refuse(wrong_type()); }
  void value(double) override { refuse(wrong_type()); }
  void value(bool flag) override {
    if (name_ != "dry_run") refuse(wrong_type());
    request_.dry_run = flag;
  }

 private:
  [[nodiscard]] std::string wrong_type() const {
    if (name_ == "dry_run") return "\"dry_run\" is true or false";
    if (name_ == "to") return "\"to\" is the number of a generation";
    return "the body is not an object";
  }
  [[nodiscard]] std::string taken_text() const {
    if (taken_.dry_run && taken_.to) return "; this takes \"to\" and \"dry_run\"";
    return taken_.dry_run ? "; this takes \"dry_run\"" : "; this takes none";
  }

  const ControlMembers taken_;
  bool opened_ = false;
  std::string name_;
  std::set<std::string> seen_;
  ControlRequest request_;
};

base::Failure<base::Error> invalid(const std::string& text) {
  return base::fail(base::ErrorCode::kInvalidArgument, config::printable(text));
}

}  // namespace

base::Result<ControlRequest> read_control_request(const std::string& body,
                                                  const ControlMembers& taken) {
  if (body.empty()) return ControlRequest{};
  const Poco::SharedPtr<FlatObject> object(new FlatObject(taken));
  try {
    (void)Poco::JSON::Parser(object).parse(body);
  } catch (const Poco::Exception& error) {
    return invalid("the body is no JSON: " + error.message());
  } catch (const std::exception& error) {
    return invalid(error.what());
  }
  return object->request();
}

}  // namespace berth::app
