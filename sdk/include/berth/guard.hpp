// The one place where exceptions of a plugin meet the boundary; not for use by plugins.
#pragma once

#include <berth/abi.h>
#include <berth/config.hpp>
#include <berth/host.hpp>
#include <berth/log.hpp>
#include <berth/middleware.hpp>

#include <cstdint>
#include <exception>
#include <string_view>

namespace berth::detail {

// What went wrong, as a result for the host. Errors that are the client's or a limit's pass without
// a line; all else is a bug or a failure, and the host adds plugin and route to the line.
template <class Function>
[[gnu::always_inline]] inline std::int32_t guard(const Function& body) noexcept {
  try {
    body();
    return BERTH_OK;
  } catch (const NextFailed& error) {
    return error.code();
  } catch (const Error& error) {
    const bool expected = error.code() == BERTH_E_CLOSED || error.code() == BERTH_E_TIMEOUT ||
                          error.code() == BERTH_E_TOO_LARGE;
    if (!expected) log(Level::error, error.what());
    return error.code();
  } catch (const std::exception& error) {
    log(Level::error, error.what());
  } catch (...) {
    log(Level::error, "an exception that is no std::exception");
  }
  return BERTH_E_FAILED;
}

// The same where a configuration is read: what is thrown becomes a complaint with a position, that
// of `whole` where nothing better is known.
template <class Function>
std::int32_t guard_config(const berth_config* whole, const Function& body) noexcept {
  try {
    body();
    return BERTH_OK;
  } catch (const ConfigError& error) {
    return host->config_fail(error.node(), str(error.what()));
  } catch (const std::exception& error) {
    host->config_fail(whole, str(error.what()));
  } catch (...) {
    host->config_fail(whole, str("an exception that is no std::exception"));
  }
  return BERTH_E_FAILED;
}

// Nobody is there to tell but the log.
template <class Function>
void guard_background(std::string_view task, const Function& body) noexcept {
  try {
    body();
  } catch (const std::exception& error) {
    log(Level::error, error.what(), {{"task", task}});
  } catch (...) {
    log(Level::error, "an exception that is no std::exception", {{"task", task}});
  }
}

}  // namespace berth::detail
