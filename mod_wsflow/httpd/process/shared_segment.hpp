#pragma once

#include <span>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

// Maps the shared segment, or finds the one that an earlier generation made, and tells it the generation. An
// error is logged. Parent, when the configuration has been read.
//
// The parent runs as root, and children can write all of the segment. So it takes no lock that lies in there,
// follows no list or index of it, and believes no count: used_slots() is all that it looks at later.
apr_status_t open_segment(server_rec* server) noexcept;
// The segment, or nullptr where none was opened (a mere check of the configuration). Children and keepers.
shm::Layout* segment() noexcept;
// The slots of the segment that were ever used, none without one: no more than the parent has made. Every
// process.
std::span<const shm::ProcessSlot> used_slots() noexcept;

}  // namespace wsflow::httpd
