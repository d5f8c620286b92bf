#include "serve/request.h"

#include "http/percent_encoding.h"

namespace berth::serve {

namespace {

// Stands for a connection that was hijacked. Without state, so all may share it.
class Departed final : public Connected {
 public:
  [[nodiscard]] std::string_view peer_address() override { return {}; }
  [[nodiscard]] std::string_view remote_address() override { return {}; }
  [[nodiscard]] std::string_view local_address() override { return {}; }
  [[nodiscard]] const net::RawAddress& remote() noexcept override { return nobody_; }
  [[nodiscard]] std::string_view listener_name() const noexcept override { return {}; }
  [[nodiscard]] std::uint32_t listener_index() const noexcept override { return 0; }
  [[nodiscard]] bool secure() const noexcept override { return false; }

 private:
  net::RawAddress nobody_;
};

}  // namespace

std::optional<std::string_view> Connected::value(ValueScope /*scope*/, std::string_view /*name*/) {
  return std::nullopt;
}

IoStatus Connected::set_value(ValueScope /*scope*/, std::string_view /*name*/,
                              std::string_view /*value*/) {
  return base::fail(IoError::kState);
}

std::optional<std::string_view> Request::value(ValueScope scope, std::string_view name) {
  return scope == ValueScope::kRequest ? values_.find(name) : connected_->value(scope, name);
}

IoStatus Request::set_value(ValueScope scope, std::string_view name, std::string_view value) {
  if (scope == ValueScope::kRequest) return values_.set(name, value);
  return connected_->set_value(scope, name, value);
}

void Request::disconnect() noexcept {
  static Departed departed;
  connected_ = &departed;
}

const Client* Request::client() noexcept {
  const TrustedProxies* const trusted = connected_->trusted_proxies();
  if (trusted == nullptr) return nullptr;
  if (!client_) client_ = find_client(fields(), *trusted, connected_->remote());
  return &*client_;
}

std::string_view Request::scheme() noexcept {
  const Client* const found = client();
  if (found != nullptr && !found->scheme.empty()) return found->scheme;
  return connected_->secure() ? "https" : "http";
}

std::string_view Request::remote_address() {
  const Client* const found = client();
  return found == nullptr ? connected_->remote_address() : found->address.text(remote_text_);
}

const net::RawAddress& Request::remote() noexcept {
  const Client* const found = client();
  return found == nullptr ? connected_->remote() : found->address;
}

std::string_view Request::path() {
  if (!path_) path_ = target_.escaped ? decode(target_.path) : target_.path;
  return *path_;
}

std::string_view Request::decode(std::string_view raw) {
  if (raw.find('%') == std::string_view::npos) return raw;
  std::string& text = decoded_.emplace_back();
  // parse_target has refused malformed escapes; a bad one here stays as it is.
  return http::percent_decode(raw, text) ? std::string_view(text) : raw;
}

IoResult<std::size_t> Request::read(std::span<char> buffer) {
  if (buffer.empty()) return base::fail(IoError::kInvalid);
  if (read_error_) return base::fail(*read_error_);
  auto result = transport_->read_body(buffer);
  if (result) {
    body_read_ += *result;
    // A declared length over the limit never got here; this is for chunked bodies.
    if (body_read_ > route_->max_body) result = base::fail(IoError::kTooLarge);
  }
  if (!result) read_error_ = result.error();
  return result;
}

bool Request::cancelled() const noexcept { return transport_->cancelled(); }

}  // namespace berth::serve
