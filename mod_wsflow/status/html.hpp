#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The status as a page that loads nothing else; its script only refreshes it. `script_nonce`: allows that
// script in the answer's Content-Security-Policy.
std::string to_html(const Model& model, std::string_view script_nonce);
// The short section for server-status, in ASCII.
std::string to_html_section(const Model& model);

}  // namespace wsflow::status
