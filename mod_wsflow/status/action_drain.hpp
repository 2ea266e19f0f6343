#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mod_wsflow/status/form.hpp"

namespace wsflow::status {

// The actions "drain" and "undrain": of which route, and how its tunnels end.
struct DrainAction {
  std::string_view server;
  std::string_view route;
  std::uint16_t code;  // of "drain", as the next
  int pace;            // tunnels a second; 0: all at once
};

// Nothing if the fields are wrong: then `wrong` says which of them, and what is legal.
std::optional<DrainAction> read_drain_action(std::span<const Field> fields, std::string& wrong);
std::optional<DrainAction> read_undrain_action(std::span<const Field> fields, std::string& wrong);

}  // namespace wsflow::status
