#pragma once

#include <span>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

// Maps the shared segment, or takes the one of an earlier generation, and stores the generation in it. Logs
// an error. Parent, once the configuration is read.
//
// The parent runs as root, and children can write all of the segment. So the parent takes no lock in the
// segment, follows no list or index of it, and trusts no count: later it reads used_slots() alone.
apr_status_t open_segment(server_rec* server) noexcept;
// The segment; nullptr: none was opened (a mere check of the configuration). Children and keepers.
shm::Layout* segment() noexcept;
// The slots of the segment that were ever used, at most as many as the parent has made; empty without a
// segment. Any process.
std::span<const shm::ProcessSlot> used_slots() noexcept;

}  // namespace wsflow::httpd
