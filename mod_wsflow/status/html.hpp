#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The status as a page that needs nothing else: no other files, and its script only keeps it fresh.
// `script_nonce`: by which the answer's Content-Security-Policy lets that script run.
std::string to_html(const Model& model, std::string_view script_nonce);
// The short section for server-status, in ASCII.
std::string to_html_section(const Model& model);

}  // namespace wsflow::status
