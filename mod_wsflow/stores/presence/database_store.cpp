#include "mod_wsflow/stores/presence/database_store.hpp"

#include <new>

#include "mod_wsflow/stores/presence/connect_parameters.hpp"
#include "mod_wsflow/stores/presence/database.hpp"
#include "mod_wsflow/stores/presence/dialect.hpp"
#include "mod_wsflow/stores/presence/migration.hpp"

struct wsflow_store_connection {
  wsflow::presence::Database database;
  const wsflow::presence::Dialect& dialect;
  apr_dbd_prepared_t* apply;
  apr_dbd_prepared_t* find;
};

namespace wsflow::presence {
namespace {

void close(wsflow_store_connection* connection) noexcept {
  connection->database.close();
  apr_pool_destroy(connection->database.pool());
}

bool prepare_calls(wsflow_store_connection& connection, wsflow_store_error error) noexcept {
  int result = connection.database.prepare(connection.dialect.apply, connection.apply);
  if (result == 0) result = connection.database.prepare(connection.dialect.find, connection.find);
  if (result != 0) write_error(error, "cannot prepare the calls", connection.database.reason(result));
  return result == 0;
}

wsflow_store_connection* open(const Dialect& dialect, const char* parameters,
                              wsflow_store_error error) noexcept {
  apr_pool_t* pool = nullptr;
  if (apr_pool_create(&pool, nullptr) != APR_SUCCESS) {
    write_error(error, "cannot connect", "no memory");
    return nullptr;
  }
  auto* connection = ::new (apr_palloc(pool, sizeof(wsflow_store_connection)))
      wsflow_store_connection{Database(pool), dialect, nullptr, nullptr};
  if (connection->database.open(dialect.driver, dialect.parameters(pool, parameters), error) &&
      prepare_database(connection->database, dialect, error) && prepare_calls(*connection, error)) {
    return connection;
  }
  close(connection);
  return nullptr;
}

wsflow_store_connection* open_pgsql(const char* parameters, wsflow_store_error error) noexcept {
  return open(kPgsql, parameters, error);
}

wsflow_store_connection* open_sqlite(const char* parameters, wsflow_store_error error) noexcept {
  return open(kSqlite, parameters, error);
}

int apply(wsflow_store_connection& connection, const char* json, wsflow_store_row* on_row,
          void* context) noexcept {
  Database& database = connection.database;
  const char* answer = connection.dialect.apply_answer;
  if (answer == nullptr) return database.read(connection.apply, json, on_row, context);
  int result = database.run("BEGIN IMMEDIATE");
  if (result == 0) result = database.run(connection.apply, json);
  return result == 0 ? database.read(answer, on_row, context, "COMMIT") : result;
}

int call(wsflow_store_connection* connection, wsflow_store_call call, const char* json,
         wsflow_store_row* on_row, void* context, wsflow_store_error error) noexcept {
  const bool is_apply = call == WSFLOW_STORE_APPLY;
  const int result = is_apply ? apply(*connection, json, on_row, context)
                              : connection->database.read(connection->find, json, on_row, context);
  if (result == 0) return 0;
  write_error(error, is_apply ? "cannot store a batch" : "cannot find sessions",
              connection->database.reason(result));
  return 1;
}

}  // namespace

const wsflow_presence_store kPgsqlStore = {check_pgsql_parameters, open_pgsql, call, close};
const wsflow_presence_store kSqliteStore = {check_sqlite_parameters, open_sqlite, call, close};

}  // namespace wsflow::presence
