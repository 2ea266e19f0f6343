#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::status {

// The number of tunnels that the page shows by default.
inline constexpr std::size_t kPageCount = 50;

enum class StatusFormat : std::uint8_t { page, json, lines, metrics, manual };

// A request to the status handler.
struct StatusQuery {
  StatusFormat format = StatusFormat::page;
  bool history = false;  // JSON has the samples of the last quarter of an hour
  std::string presence;  // the beginning of keys whose sessions are looked for; empty: none
  shm::Query tunnels;    // selects the tunnels to show
};

// Reads the query of the address: "json&sort=age&dir=desc&count=50". Values are percent-encoded. Skips
// unknown keys. At an illegal value returns nothing; `wrong` then names the legal ones.
std::optional<StatusQuery> read_status_query(std::string_view query, std::string& wrong);

// The word of a query for an order.
const char* name(shm::SortBy sort) noexcept;

}  // namespace wsflow::status
