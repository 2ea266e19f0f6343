#pragma once

#include <exception>
#include <utility>

#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

// Runs `body`; logs an exception and returns `on_failure` then. No exception crosses this border: every
// function whose address is given to httpd, APR or OpenSSL is noexcept and is one call of guard(). Our code
// does not throw; the standard library may (memory).
template <class Result, class Body>
Result guard(const server_rec* server, Result on_failure, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& failure) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server, WSFLOGNO(0001) "internal error: %s", failure.what());
  } catch (...) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server, WSFLOGNO(0002) "internal error of an unknown kind");
  }
  return on_failure;
}

template <class Body>
void guard_void(const server_rec* server, Body&& body) noexcept {
  guard(server, 0, [&] {
    std::forward<Body>(body)();
    return 0;
  });
}

}  // namespace wsflow::httpd
