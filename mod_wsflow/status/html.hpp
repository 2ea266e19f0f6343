#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The status as a page that needs nothing else: no script, no other files.
std::string to_html(const Model& model);
// The short section for server-status.
std::string to_html_section(const Model& model);

// `text` as it may stand in HTML text and attribute values.
std::string escape_html(std::string_view text);

}  // namespace wsflow::status
