#pragma once

#include "mod_wsflow/httpd/request/request_state.hpp"
#include "mod_wsflow/httpd/status/action_answer.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/status/form.hpp"

namespace wsflow::httpd {

// Do the actions "drain" and "undrain".
ActionAnswer drain_route(request_rec* r, shm::Layout& layout, std::span<const status::Field> fields);
ActionAnswer undrain_route(request_rec* r, shm::Layout& layout, std::span<const status::Field> fields);

// A handshake for a route that takes no new tunnels fails. Worker thread.
Failure check_drained(request_rec* r) noexcept;

}  // namespace wsflow::httpd
