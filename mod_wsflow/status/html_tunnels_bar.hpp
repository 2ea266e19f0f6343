#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// The controls around the list of tunnels.

// A link to the page with the tunnels of `query`.
std::string page_link(const shm::Query& query, std::string_view text, const char* attributes_html = "");
// The search, the selection, and the form that closes all selected tunnels.
std::string tunnels_bar(const Model& model);
// The range of the shown tunnels, and links to the others; empty if all are shown.
std::string pages(const Model& model);

}  // namespace wsflow::status
