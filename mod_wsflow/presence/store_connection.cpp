#include "mod_wsflow/presence/store_connection.hpp"

#include <exception>

namespace wsflow::presence {

namespace {

void take_answer(void* answer, std::size_t count, const char* const* values) noexcept {
  try {
    static_cast<BatchAnswer*>(answer)->take({values, count});
  } catch (const std::exception&) {
    // No memory: a change that is not taken comes again, a report too.
  }
}

void take_session(void* found, std::size_t count, const char* const* values) noexcept {
  try {
    take_found({values, count}, *static_cast<std::vector<FoundSession>*>(found));
  } catch (const std::exception&) {
    // No memory: fewer are found.
  }
}

}  // namespace

StoreConnection::StoreConnection(const wsflow_presence_store& store, const char* parameters) noexcept
    : store_(store), handle_(store.open(parameters, {error_.data(), error_.size()})) {}

StoreConnection::~StoreConnection() {
  if (handle_ != nullptr) store_.close(handle_);
}

bool StoreConnection::call(wsflow_store_call what, const char* json, wsflow_store_row* on_row,
                           void* context) noexcept {
  error_.front() = '\0';
  return store_.call(handle_, what, json, on_row, context, {error_.data(), error_.size()}) == 0;
}

bool StoreConnection::apply(const char* batch, BatchAnswer& answer) noexcept {
  return call(WSFLOW_STORE_APPLY, batch, take_answer, &answer);
}

bool StoreConnection::find(const char* request, std::vector<FoundSession>& found) noexcept {
  return call(WSFLOW_STORE_FIND, request, take_session, &found);
}

}  // namespace wsflow::presence
