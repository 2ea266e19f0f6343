#pragma once

#include <string_view>

namespace wsflow::config {

// What is wrong with the URL of a WSFlowPass, as a sentence that says what was expected; nullptr if nothing
// is. Accepts "!", ws, wss, http, https, balancer and unix:/path|scheme://host/ URLs.
const char* check_origin_url(std::string_view url) noexcept;
// What is wrong with the path of a WSFlowPass, as a sentence; nullptr if nothing is.
const char* check_route_path(std::string_view path) noexcept;

}  // namespace wsflow::config
