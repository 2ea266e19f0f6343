#pragma once

#include <cstdint>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::httpd {

struct Process;

// Why a request is refused, and all that its client is told. Texts are borrowed: they live as long as the
// request.
struct Failure {
  int status = OK;  // of HTTP; OK: no failure
  base::HandshakeRefusal reason = base::HandshakeRefusal::internal;
  std::uint32_t retry_after = 0;       // seconds, for Retry-After; 0: no such field
  const char* sentence = nullptr;      // for the page that httpd makes of an error; nullptr: httpd's own
  const char* limit = nullptr;         // name of the limit that refuses; nullptr: none does
  limits::LimitReason limit_reason{};  // with `limit`
  explicit operator bool() const noexcept { return status != OK; }
};

// Seconds from `least` on, below `least + span`, at random: those who are refused together do not come back
// together.
std::uint32_t spread_retry(std::uint32_t least, std::uint32_t span) noexcept;

// Refuses `r`, the one way to do so: writes the fields of the answer, the sentence of its page, and
// WSFLOW_REFUSED_BY, WSFLOW_LIMIT_REASON and WSFLOW_OUTCOME for logs and expressions; notes a refused
// handshake for finish_request(). Returns the status. Worker thread.
int refuse(request_rec* r, const Failure& failure) noexcept;

// Counts a handshake that gets no tunnel, in all and of its route.
void count_refusal(Process& process, request_rec* r, base::HandshakeRefusal reason) noexcept;

// Leaves WSFLOW_ID and WSFLOW_OUTCOME=tunnel, and takes back the refusal of an earlier attempt.
void note_tunnel(request_rec* r, std::uint64_t id) noexcept;

// Tells mod_proxy that a failure is not the origin's: no other member is tried, and none is marked in error.
void blame_no_origin(request_rec* r) noexcept;

// Hook of mod_proxy, behind the last attempt: counts the refusal, and makes a bad gateway (502) of an origin
// that could not be reached (503, which mod_proxy needs to try the next member).
int finish_request(int* status, request_rec* r) noexcept;

}  // namespace wsflow::httpd
