#include "app/terminate_handler.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace berth::app {

namespace {

constinit thread_local const Terminated* reason = nullptr;

void remember(Terminated& into) {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) return;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
  into.exception.set(status == 0 && name ? name.get() : type->name());
  try {
    throw;
  } catch (const std::exception& error) {
    into.message.set(error.what());
  } catch (...) {  // its type says what there is to say
  }
}

// Its frame stays until the process has ended.
[[noreturn]] void on_terminate() noexcept {
  Terminated why;
  // Of what() itself: the first reason is the one that counts.
  if (reason == nullptr) {
    reason = &why;
    remember(why);
  }
  std::abort();
}

}  // namespace

const Terminated* terminated() noexcept { return reason; }

TerminateHandler::TerminateHandler() noexcept : before_(std::set_terminate(on_terminate)) {}

TerminateHandler::~TerminateHandler() noexcept { std::set_terminate(before_); }

}  // namespace berth::app
