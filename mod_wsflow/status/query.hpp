#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::status {

// How many tunnels the page shows, if it is not asked for another number.
inline constexpr std::size_t kPageCount = 50;

enum class StatusFormat : std::uint8_t { page, json, lines, metrics };

// What is asked of the status handler.
struct StatusQuery {
  StatusFormat format = StatusFormat::page;
  bool history = false;  // JSON with the samples of the last quarter of an hour
  shm::Query tunnels;    // which of them are to be shown
};

// Reads the query of the address: "json&sort=age&dir=desc&count=50". Values are percent-encoded. A key that
// is not known is passed over; of a value that is not legal, `wrong` says what is.
std::optional<StatusQuery> read_status_query(std::string_view query, std::string& wrong);

// The word for an order, as a query has it.
const char* name(shm::SortBy sort) noexcept;

}  // namespace wsflow::status
