#pragma once

#include <cstdint>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::httpd {

struct Process;

// The reason of a refusal, and the answer to its client. Texts are borrowed: they live as long as the
// request.
struct Failure {
  int status = OK;  // of HTTP; OK: no failure
  base::HandshakeRefusal reason = base::HandshakeRefusal::internal;
  std::uint32_t retry_after = 0;       // seconds, for Retry-After; 0: no such field
  const char* sentence = nullptr;      // for the page that httpd makes of an error; nullptr: httpd's own
  const char* limit = nullptr;         // name of the limit that refuses; nullptr: none
  limits::LimitReason limit_reason{};  // with `limit`
  explicit operator bool() const noexcept { return status != OK; }
};

// A random number of seconds, from `least` on and below `least + span`: clients that are refused together do
// not come back together.
std::uint32_t spread_retry(std::uint32_t least, std::uint32_t span) noexcept;

// The failure of a handshake for which this child has no room now: 503, to be tried again in 1 to 10 seconds.
Failure no_room(base::HandshakeRefusal reason) noexcept;

// Refuses `r`; every refusal goes through here. Writes the fields of the answer, the sentence of its page,
// and WSFLOW_REFUSED_BY, WSFLOW_LIMIT_REASON and WSFLOW_OUTCOME for logs and expressions. Notes a refused
// handshake for finish_request(). Returns the status. Worker thread.
int refuse(request_rec* r, const Failure& failure) noexcept;

// Counts a handshake without a tunnel, for the process and for its route.
void count_refusal(Process& process, request_rec* r, base::HandshakeRefusal reason) noexcept;

// Sets WSFLOW_ID and WSFLOW_OUTCOME=tunnel, and removes the refusal of an earlier attempt.
void note_tunnel(request_rec* r, std::uint64_t id) noexcept;

// Tells mod_proxy that the origin has not failed: it tries no other member, and marks none in error.
void blame_no_origin(request_rec* r) noexcept;

// Hook of mod_proxy, behind the last attempt: counts the refusal. Turns the status of an unreachable origin
// into 502 (bad gateway); until then it is 503, so that mod_proxy tries the next member.
int finish_request(int* status, request_rec* r) noexcept;

}  // namespace wsflow::httpd
