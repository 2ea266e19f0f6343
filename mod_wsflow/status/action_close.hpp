#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mod_wsflow/status/form.hpp"

namespace wsflow::status {

inline constexpr int kMostPace = 1'000'000;  // tunnels a second

// The action "close": which tunnels (those that match all that is not empty), and how they end.
struct CloseAction {
  std::optional<std::uint64_t> id;
  std::string client;  // as an Address writes it
  std::string_view user;
  std::string_view server;
  std::string_view route;
  std::string_view origin;
  std::string_view limit;
  std::string_view key;  // of `limit`
  std::uint16_t code;
  int pace;  // tunnels a second; 0: all at once
};

// The action of a form, or which of its fields is wrong and what is legal.
base::Parsed<CloseAction> read_close_action(std::span<const Field> fields);

// "client 192.0.2.1, route /chat"
std::string told(const CloseAction& action);

}  // namespace wsflow::status
