#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "mod_wsflow/presence/store_writer.hpp"

namespace wsflow::status {

// What is said of a search that was not over in time.
inline constexpr const char* kNoAnswer = "the store has not answered in time";

// Presence, as the status shows it.
struct PresenceModel {
  // Of all processes of this server.
  std::uint64_t keys = 0;
  std::uint64_t sockets = 0;
  std::uint64_t waiting = 0;  // changes that the store must still get
  std::int64_t lag_us = 0;    // since when the first of them waits
  std::uint64_t failing = 0;  // processes that cannot use the store
  bool counted = false;       // some process counts
  // Of the process that answers; empty: it counts nobody.
  std::string driver;
  std::string node;
  std::optional<presence::StoreView> store;
  // What was looked for; nullptr: nothing was.
  std::shared_ptr<const presence::Search> search;
};

}  // namespace wsflow::status
