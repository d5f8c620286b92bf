#include "http/chunk_extensions.h"

#include "http/token.h"

namespace berth::http {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
bool is_tchar(char c) noexcept { return character::is(c, character::kToken); }

}  // namespace

bool ChunkExtensions::take(char c) noexcept {
  switch (state_) {
    case State::kBegin:
    case State::kBlank:
    case State::kBehindQuoted:
      return take_between(c, State::kBlank);
    case State::kBeforeName:
      return is_blank(c) || (is_tchar(c) && go_to(State::kName));
    case State::kName:
      if (is_tchar(c)) return true;
      [[fallthrough]];
    case State::kBehindName:
      return c == '=' ? go_to(State::kBeforeValue) : take_between(c, State::kBehindName);
    case State::kBeforeValue:
      if (c == '"') return go_to(State::kQuoted);
      return is_blank(c) || (is_tchar(c) && go_to(State::kToken));
    case State::kToken:
      return is_tchar(c) || take_between(c, State::kBlank);
    case State::kQuoted:
      if (c == '"') return go_to(State::kBehindQuoted);
      if (c == '\\') return go_to(State::kEscaped);
      return character::is(c, character::kFieldValue);
    case State::kEscaped:
      return character::is(c, character::kFieldValue) && go_to(State::kQuoted);
  }
  return false;
}

bool ChunkExtensions::may_end() const noexcept {
  return state_ == State::kBegin || state_ == State::kName || state_ == State::kToken ||
         state_ == State::kBehindQuoted;
}

bool ChunkExtensions::go_to(State state) noexcept {
  state_ = state;
  return true;
}

bool ChunkExtensions::take_between(char c, State behind_blank) noexcept {
  if (c == ';') return go_to(State::kBeforeName);
  return is_blank(c) && go_to(behind_blank);
}

}  // namespace berth::http
