#pragma once

#include <optional>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/jobs.hpp"
#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::httpd {

// Tells up to `most` tunnels of `job` to end, those that were told nothing yet. Returns their number;
// std::nullopt if the limits are locked. Any process, any thread.
std::optional<std::size_t> end_matching(shm::Layout& layout, const shm::Reading<shm::Job>& job,
                                        std::size_t most);
// The number of live tunnels of `job`, told or not; std::nullopt if the limits are locked. Any process, any
// thread.
std::optional<std::uint64_t> count_matching(shm::Layout& layout, const shm::Reading<shm::Job>& job);

// Works off the jobs of operators at their pace, on the tunnels of all processes and generations. Called
// about once a second; every process may call it.
void work_on_jobs(server_rec* server, shm::Layout& layout);

}  // namespace wsflow::httpd
