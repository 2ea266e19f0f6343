#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "mod_wsflow/status/form.hpp"

namespace wsflow::status {

// The actions "drain" and "undrain": of which route, and how its tunnels end.
struct DrainAction {
  std::string_view server;
  std::string_view route;
  std::uint16_t code;  // of "drain"
  int pace;            // of "drain", tunnels a second; 0: all at once
};

// The action of a form, or which of its fields is wrong and what is legal.
base::Parsed<DrainAction> read_drain_action(std::span<const Field> fields);
base::Parsed<DrainAction> read_undrain_action(std::span<const Field> fields);

}  // namespace wsflow::status
