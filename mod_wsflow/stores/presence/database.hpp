#pragma once

#include <cstddef>

#include "mod_wsflow/stores/presence_store.h"
#include "mod_wsflow/stores/store_api.hpp"

namespace wsflow::presence {

// Writes "WHAT: REASON" as one line, cut to the room that there is.
void write_error(wsflow_store_error error, const char* what, const char* reason) noexcept;

// An open connection of apr_dbd. Its memory is in a pool of its own, with none of httpd's pools above it: the
// thread that uses it may be left behind in a query while httpd ends. Results are 0, or a number for
// reason().
class Database {
 public:
  explicit Database(apr_pool_t* pool) noexcept : pool_(pool) {}

  // False: the reason is in `error`.
  bool open(const char* driver, const char* parameters, wsflow_store_error error) noexcept;
  void close() noexcept;

  // Runs statements that have no answer.
  int run(const char* sql) noexcept;
  // Gets the rows of a statement; `before` is run between, and no row is handed out if it fails.
  int read(const char* sql, wsflow_store_row* on_row, void* context, const char* before = nullptr) noexcept;
  // Gets the number that is the answer of a statement.
  int read_number(const char* sql, long long& number) noexcept;
  // A statement with one parameter, a text that is put for its %s. It lives as long as the connection: the
  // driver of SQLite keeps each one until then.
  int prepare(const char* sql, apr_dbd_prepared_t*& statement) noexcept;
  int run(apr_dbd_prepared_t* statement, const char* text) noexcept;
  int read(apr_dbd_prepared_t* statement, const char* text, wsflow_store_row* on_row, void* context) noexcept;

  // Why the last one failed.
  const char* reason(int result) noexcept;

  apr_pool_t* pool() const noexcept { return pool_; }

 private:
  int hand_out(apr_pool_t* pool, apr_dbd_results_t* results, wsflow_store_row* on_row,
               void* context) noexcept;

  apr_pool_t* pool_;
  const apr_dbd_driver_t* driver_ = nullptr;
  apr_dbd_t* handle_ = nullptr;
};

// A pool for one call: nothing grows with the number of calls.
class CallPool {
 public:
  explicit CallPool(apr_pool_t* parent) noexcept { apr_pool_create(&pool_, parent); }
  ~CallPool() { apr_pool_destroy(pool_); }
  CallPool(const CallPool&) = delete;
  CallPool& operator=(const CallPool&) = delete;
  operator apr_pool_t*() const noexcept { return pool_; }

 private:
  apr_pool_t* pool_ = nullptr;
};

}  // namespace wsflow::presence
