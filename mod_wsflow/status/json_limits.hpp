#pragma once

#include <string>
#include <vector>

#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

// The key "limits" with an array of all of them (docs/status-formats.md).
void write_limits(Writer& writer, const std::vector<limits::LimitView>& views);

// What an action answers: {"ok":true,"limit":{…}}.
std::string to_json(const limits::LimitView& view);
// {"ok":false,"error":"…"}
std::string to_json_error(std::string_view error);

}  // namespace wsflow::status
