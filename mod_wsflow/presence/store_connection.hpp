#pragma once

#include <array>
#include <vector>

#include "mod_wsflow/presence/batch.hpp"
#include "mod_wsflow/stores/presence_store.h"

namespace wsflow::presence {

// A connection to a store. Each call may block for ever. One thread.
class StoreConnection {
 public:
  StoreConnection(const wsflow_presence_store& store, const char* parameters) noexcept;
  ~StoreConnection();
  StoreConnection(const StoreConnection&) = delete;
  StoreConnection& operator=(const StoreConnection&) = delete;

  // False: it could not be made.
  bool good() const noexcept { return handle_ != nullptr; }
  // Sends a batch, or a search. False: the reason is in error(), and the connection is of no more use.
  bool apply(const char* batch, BatchAnswer& answer) noexcept;
  bool find(const char* request, std::vector<FoundSession>& found) noexcept;
  const char* error() const noexcept { return error_.data(); }

 private:
  bool call(wsflow_store_call what, const char* json, wsflow_store_row* on_row, void* context) noexcept;

  const wsflow_presence_store& store_;  // borrowed
  std::array<char, 400> error_{};
  wsflow_store_connection* handle_;  // owned
};

}  // namespace wsflow::presence
