// The part of H1Connection that knows who stands at its ends, and reads the PROXY header that may
// tell it.
#include "serve/h1_ends.h"

#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/limits.h"
#include "net/socket_name.h"
#include "sched/loop.h"
#include "sched/worker.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

namespace limits = base::limits;

}  // namespace

H1Connection::Ends& H1Connection::ends() {
  if (!ends_) ends_ = std::make_unique<Ends>();
  return *ends_;
}

const net::RawAddress& H1Connection::peer() noexcept {
  if (peer_.is_unix() && !peer_.has_credentials()) {
    peer_ = net::RawAddress::unix_peer_of(stream_->fd());
  }
  return peer_;
}

const net::RawAddress& H1Connection::remote() noexcept {
  return ends_ && ends_->told ? ends_->told->source : peer();
}

std::string_view H1Connection::peer_address() {
  if (ends().peer.empty()) ends_->peer = peer().text();
  return ends_->peer;
}

std::string_view H1Connection::remote_address() {
  if (ends().remote.empty()) ends_->remote = remote().text();
  return ends_->remote;
}

std::string_view H1Connection::local_address() {
  if (ends().local.empty()) {
    ends_->local = ends_->told ? ends_->told->destination.text() : net::socket_name(stream_->fd());
  }
  return ends_->local;
}

// The specification, s2: the header comes first, is awaited, and never guessed at; who does not
// send it is not served.
sched::Turn H1Connection::read_proxy_header(sched::Worker& worker) {
  if (!backlog_ && !begin_proxy_header()) return sched::Turn::kKept;
  const std::span<char> buffer = worker.buffer();
  std::size_t size = backlog_->input.size();
  std::memcpy(buffer.data(), backlog_->input.data(), size);
  for (;;) {
    const net::IoResult result = stream_->read(buffer.subspan(size));
    if (result.kind == net::IoResult::Kind::kWouldBlock) {
      if (!keep_input({buffer.data(), size})) close();
      return sched::Turn::kKept;
    }
    if (!result.ok()) {
      if (size > 0) {
        refuse_proxy_header(net::ProxyHeaderError::kIncomplete);
      } else {
        close();  // somebody who only looked whether anybody listens
      }
      return sched::Turn::kKept;
    }
    size += result.bytes;
    const std::string_view bytes(buffer.data(), size);
    const auto parsed = net::parse_proxy_header(bytes, *listener_.proxy_protocol);
    if (!parsed) {
      refuse_proxy_header(parsed.error());
      return sched::Turn::kKept;
    }
    if (!*parsed) continue;  // never with a full buffer: it holds more than limits::kProxyHeader
    if (!take_proxy_header(**parsed, bytes.substr((*parsed)->size))) {
      close();
      return sched::Turn::kKept;
    }
    return read_requests(worker);
  }
}

// One deadline for all of it: nothing that comes puts it off.
bool H1Connection::begin_proxy_header() {
  const TrustedProxies* const trusted = trusted_proxies();
  if (trusted != nullptr && !trusted->addresses.contains(peer())) {
    refuse_proxy_header(net::ProxyHeaderError::kNotTrusted);
    return false;
  }
  backlog().due = loop().now() + service_.options().header_timeout;
  loop().schedule(*this, *backlog_->due);
  return true;
}

bool H1Connection::take_proxy_header(const net::ProxyHeader& header, std::string_view rest) {
  awaits_header_ = false;
  if (header.proxied) ends().told = header;
  backlog_->due.reset();
  backlog_->input.clear();
  if (!rest.empty()) note_begun();
  // A drain has set the timer of a fresh connection, and may have meant this one's.
  set_timer(service_.draining() ? limits::kNewConnectionGrace : service_.options().idle_timeout);
  if (!keep_input(rest)) return false;
  drop_backlog_if_empty();
  return true;
}

void H1Connection::refuse_proxy_header(net::ProxyHeaderError why) noexcept {
  service_.on_proxy_header_refused(listener_.name, peer(), why);
  close();
}

}  // namespace berth::serve
