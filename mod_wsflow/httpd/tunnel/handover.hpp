#pragma once

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/origin/origin.hpp"
#include "mod_wsflow/tunnel/admission.hpp"

namespace wsflow::httpd {

// Everything that a new tunnel gets besides its two connections.
struct Handover {
  tunnel::Admission::Lease admission;
  const config::TunnelSettings& settings;  // borrowed
  base::Instant lives_until = base::Instant::max();
  std::uint32_t session_until = 0;  // seconds since 1970 by the wall clock; 0: for ever
  std::uint64_t id = 0;
};

// True if client and origin have agreed on extensions, to which reserved bits may belong.
bool has_extensions(const ws::ResponseHead& head) noexcept;

// Sends the origin's verified 101 to the client, takes both connections out of httpd, and leaves them as a
// tunnel that starts when httpd has let go of the client's connection. Returns the failure if that is
// impossible; the client has been sent nothing then. Worker thread; waits only for the client to take the
// 101.
Failure hand_over(Process& process, request_rec* r, Origin& origin, Handover handover);

// Sends the 101 and runs the tunnel on this worker thread, for a connection that must stay in httpd. Returns
// when the tunnel has ended, or the failure that prevents it. Worker thread.
Failure run_on_worker(Process& process, request_rec* r, Origin& origin, Handover handover);

}  // namespace wsflow::httpd
