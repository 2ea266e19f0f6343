#pragma once

#include <vector>

#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The key "members" with an array of the members of all balancers (docs/status-formats.md). `clock_us`: now.
void write_members(Writer& writer, const std::vector<MemberView>& members, std::int64_t clock_us);

// The key "origins" with an array of the workers of mod_proxy.
void write_origins(Writer& writer, const std::vector<OriginView>& origins);
// The key "httpd_workers" with the worker threads.
void write_workers(Writer& writer, const WorkersView& workers);

}  // namespace wsflow::status
