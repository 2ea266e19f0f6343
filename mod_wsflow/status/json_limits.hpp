#pragma once

#include <string>
#include <vector>

#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

// The key "cluster" with what is known of the database by which nodes share limits (docs/status-formats.md).
void write_cluster(Writer& writer, const limits::ClusterView& view);
// The key "limits" with an array of all of them.
void write_limits(Writer& writer, const std::vector<limits::LimitView>& views);

// What an action answers: {"ok":true,"limit":{…}}.
std::string to_json(const limits::LimitView& view);
// {"ok":false,"error":"…"}
std::string to_json_error(std::string_view error);

}  // namespace wsflow::status
