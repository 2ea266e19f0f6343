#pragma once

#include <string>
#include <vector>

#include "mod_wsflow/flow/view.hpp"
#include "mod_wsflow/status/json_writer.hpp"

namespace wsflow::status {

// The key "limits" with an array of all of them (docs/status-formats.md).
void limits(Writer& writer, const std::vector<flow::LimitView>& views);

// What an action answers: {"ok":true,"limit":{…}}.
std::string to_json(const flow::LimitView& view);
// {"ok":false,"error":"…"}
std::string to_json_error(std::string_view error);

}  // namespace wsflow::status
