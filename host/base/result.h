// Either a value or why there is none: how expected failures travel. Bugs are asserts, not Results.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "base/error.h"

namespace berth::base {

// Return it with `return value;` or `return fail(error);`. A moved-from Result keeps its
// alternative.
template <class E>
struct Failure {
  E error;
};

template <class E>
[[nodiscard]] Failure<E> fail(E error) {
  return Failure<E>{std::move(error)};
}

[[nodiscard]] inline Failure<Error> fail(ErrorCode code, std::string text) {
  return Failure<Error>{Error{code, std::move(text)}};
}

// REQUIRES for value() and *: ok(). REQUIRES for error(): !ok(). Asserted in debug builds.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is how a Result is made
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): likewise `return fail(error);`
  Result(Failure<E> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] T& value() & noexcept {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& noexcept {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && noexcept {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] T& operator*() & noexcept { return value(); }
  [[nodiscard]] const T& operator*() const& noexcept { return value(); }
  [[nodiscard]] T* operator->() noexcept { return &value(); }
  [[nodiscard]] const T* operator->() const noexcept { return &value(); }

  [[nodiscard]] const E& error() const& noexcept {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] E&& error() && noexcept {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, E> state_;
};

// Success without a value: `return done();`
struct Done {};
[[nodiscard]] inline Done done() noexcept { return {}; }

template <class E = Error>
using Status = Result<Done, E>;

}  // namespace berth::base
