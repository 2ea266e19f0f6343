#include "mod_wsflow/config/subprotocols.hpp"

#include <algorithm>

#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

std::string allowed_protocols(std::string_view offered, std::span<const char* const> allowed) {
  std::string kept;
  while (!offered.empty()) {
    const auto protocol = ws::take_element(offered);
    const auto is_it = [&](const char* name) { return protocol == name; };
    if (std::none_of(allowed.begin(), allowed.end(), is_it)) continue;
    if (!kept.empty()) kept += ", ";
    kept += protocol;
  }
  return kept;
}

}  // namespace wsflow::config
