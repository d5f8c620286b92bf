// The incremental parser of an HTTP/1 request head: bytes in, RequestHead out. It reads no socket,
// keeps no bytes, and judges syntax only (what the fields mean is framing_of's part).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "http/request_error.h"
#include "http/request_head.h"

namespace berth::http {

struct HeadLimits {
  std::size_t max_head_bytes = base::limits::kHeaderBlock;  // request line to empty line, inclusive
  std::size_t max_fields = base::limits::kHeaderFields;
  std::size_t max_target_bytes = base::limits::kTarget;
};

// Strict (RFC 9112 s2-s5): only CR LF ends a line, no blank before a colon, no obs-fold, no control
// characters, HTTP/1.0 and HTTP/1.1 alone. Up to base::limits::kLeadingEmptyLines empty lines
// before the request line are skipped (RFC 9112 s2.2). A fault is found as soon as its byte is
// here, even in the middle of a line.
//
// One per request at a time; reset(), or the parse() after a whole head, makes it ready for the
// next and keeps its memory, so that parsing allocates nothing once the largest number of fields
// was seen. Not for several threads at once. A moved-from parser may only be assigned to or
// destroyed.
//
//   request line                                       field lines and the empty line
//   kLeading -> kMethod -> kTarget -> kVersion -> kVersionLf -> kLineStart -> kFinalLf -> kDone
//                                        kName -> kValue -> kValueLf ^ (kLineStart -> kName)
//   and kFailed from every one of them
class HeadParser {
 public:
  enum class Progress : std::uint8_t { kIncomplete, kComplete, kError };

  explicit HeadParser(HeadLimits limits = {}) noexcept : limits_(limits) {}
  HeadParser(HeadParser&&) noexcept = default;
  HeadParser& operator=(HeadParser&&) noexcept = default;
  HeadParser(const HeadParser&) = delete;
  HeadParser& operator=(const HeadParser&) = delete;
  ~HeadParser() = default;

  // `received` begins with the first byte after the previous request and holds all that has come
  // since; it may have moved and must have grown or stayed since the last call. No byte is looked
  // at twice but those of the first call. kComplete: head() and head_size() are valid; bytes after
  // the head mean nothing. kError: error() is valid, and stays until reset(). `readable`: how many
  // bytes from received.data() on may be read, though they mean nothing behind `received`; where
  // there are enough, looking at the last lines is cheaper. After kComplete it begins anew.
  // REQUIRES: readable is 0 or at least received.size().
  Progress parse(std::string_view received, std::size_t readable = 0);

  // The bytes were copied to `received`: makes the views of head() point there.
  // REQUIRES: kComplete, and that the bytes of before are still there.
  void rebase(std::string_view received);

  // REQUIRES: kComplete. Its views point into the `received` of the last call; its fields lie in
  // the parser. All die at reset(), and when either is destroyed.
  [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
  // REQUIRES: kComplete. Bytes the head took, skipped empty lines included: the body begins there.
  [[nodiscard]] std::size_t head_size() const noexcept { return position_; }
  // REQUIRES: kError.
  [[nodiscard]] RequestError error() const noexcept { return error_; }

  // Forgets the request. Limits stay.
  void reset() noexcept {
    state_ = State::kLeading;
    minor_version_ = 1;
    position_ = 0;
    start_ = 0;
    mark_ = 0;
    field_count_ = 0;
    entries_.clear();
  }

 private:
  enum class State : std::uint8_t {
    kLeading,
    kMethod,
    kTarget,
    kVersion,
    kVersionLf,
    kLineStart,
    kName,
    kValue,
    kValueLf,
    kFinalLf,
    kDone,
    kFailed,
  };
  // Where a field line lies.
  struct Entry {
    std::size_t name;
    std::size_t name_size;
    std::size_t value;
    std::size_t value_size;
  };

  // Reads a head that is all there and has nothing unusual: HTTP/1.1, no empty lines before it, no
  // more fields than one before it had. False: it is none, nothing has changed, and parse_on() is
  // to say what it is.
  // `room`: kRoom bytes behind `received` are readable.
  template <bool room>
  [[nodiscard]] bool read_at_once(std::string_view received) noexcept;
  class Scan;  // one call of parse_on()
  // Any head, also in pieces and faulty.
  Progress parse_on(std::string_view received);
  void keep_offsets(const char* data);
  void make_views(const char* data) noexcept;

  HeadLimits limits_;
  State state_ = State::kLeading;
  RequestError error_ = RequestError::kBadRequestLine;
  std::uint8_t minor_version_ = 1;
  std::size_t position_ = 0;  // the first byte not looked at
  std::size_t start_ = 0;     // of the request line
  std::size_t mark_ = 0;      // of the method, target, version, name or value being read
  std::size_t target_ = 0;
  std::size_t name_ = 0;  // of the field line being read
  std::size_t name_size_ = 0;
  std::size_t field_count_ = 0;
  std::vector<Field> fields_;  // the first field_count_ of them; only grows
  // Offsets of the fields that were read before the bytes could have moved, so their views are made
  // again at the end: none where the head came in one piece.
  std::vector<Entry> entries_;
  RequestHead head_;  // before kDone only the sizes of its method and target may be looked at
};

}  // namespace berth::http
