#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/request/refusal.hpp"

namespace wsflow::httpd {

// What one step of a handshake with an origin has come to. No step waits: whoever takes it waits, for the
// descriptor and for the time, and takes the next one then.
struct Step {
  enum class Kind : unsigned char { done, failed, waits };
  Kind kind = Kind::done;
  Failure failure{};      // of `failed`
  int fd = -1;            // of `waits`: wait for this descriptor; -1: for the time alone. Borrowed
  bool write = false;     // until it can be written
  base::Instant until{};  // of `waits`: no longer than this

  static Step fail(const Failure& why) noexcept { return {.kind = Kind::failed, .failure = why}; }
  static Step wait(int fd, bool write, base::Instant until) noexcept {
    return {.kind = Kind::waits, .fd = fd, .write = write, .until = until};
  }
};

}  // namespace wsflow::httpd
