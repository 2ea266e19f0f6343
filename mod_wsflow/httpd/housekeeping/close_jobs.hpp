#pragma once

#include <optional>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/jobs.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

// Tells up to `most` of the tunnels that an job means to end; how many were told. Nothing if the limits are
// locked. Any process, any thread.
std::optional<std::size_t> end_matching(shm::Layout& layout, const shm::Reading<shm::Job>& job,
                                        std::size_t most);
// How many live tunnels it means, told or not. Likewise.
std::optional<std::uint64_t> count_matching(shm::Layout& layout, const shm::Reading<shm::Job>& job);

// Works off the jobs of operators, at their pace, on the tunnels of all processes and generations. In
// rounds of a second or so; every process may call it.
void work_on_jobs(server_rec* server, shm::Layout& layout);

}  // namespace wsflow::httpd
