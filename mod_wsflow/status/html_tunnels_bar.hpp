#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// What stands around the list of tunnels.

// A link to the page with these tunnels.
std::string page_link(const shm::Query& query, std::string_view text, const char* attributes_html = "");
// What chooses tunnels, what is chosen, and what closes all of those.
std::string tunnels_bar(const Model& model);
// Which of them are shown, and links to the others; empty if these are all.
std::string pages(const Model& model);

}  // namespace wsflow::status
