#pragma once

#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"

namespace wsflow::httpd {

// Keeps the moment since which each member of the balancers is in use, for all processes. A member is out of
// use while mod_proxy gives it nothing new: it is in error, its health check fails, or it is stopped,
// disabled or drained.

// Looks at all members. Called about once a second by the processes of the newest generation.
void note_members(server_rec* server, const OriginLoad& load, shm::Layout& layout);
// Looks at one member. Any thread.
void note_member(server_rec* server, const OriginLoad::Member& member, shm::Layout& layout) noexcept;

}  // namespace wsflow::httpd
