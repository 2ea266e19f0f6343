#include "mod_wsflow/stores/presence/dialect.hpp"

#include "mod_wsflow/stores/presence/connect_parameters.hpp"
#include "mod_wsflow/stores/presence/schema_text.hpp"

namespace wsflow::presence {
namespace {

const char* as_they_are(apr_pool_t*, const char* parameters) noexcept {
  return parameters;
}

// A batch is one statement that first waits for its turn: it must see what the others have done before. A
// notice of the server would be written to stderr by libpq.
constexpr const char* kPgsqlSettings[] = {
    "SET client_encoding TO 'UTF8'",
    "SET default_transaction_isolation TO 'read committed'",
    "SET client_min_messages TO warning",
};
constexpr const char* kPgsqlLock[] = {
    "BEGIN",
    "SELECT pg_advisory_xact_lock(8315161605132807)",  // "wsflow", as a number that nobody else has
};
constexpr const char* kPgsqlVersions[] = {wsflow_schema_pgsql_1};

// The driver tries again 15 times, with 0.1 s between; SQLite's own wait makes each of these tries longer,
// and finds a moment that is free sooner.
constexpr const char* kSqliteSettings[] = {
    "PRAGMA busy_timeout=100",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
};
constexpr const char* kSqliteLock[] = {"BEGIN IMMEDIATE"};
// A statement that was prepared while another connection made the schema is not prepared anew by the driver.
constexpr const char* kSqliteBusy[] = {"locked", "schema has changed"};
constexpr const char* kSqliteVersions[] = {wsflow_schema_sqlite3_1};

// All keys by the index of times, the newest first; or the keys of a beginning, which are sorted.
constexpr const char* kSqliteFind =
    "WITH r (start, most) AS (SELECT coalesce(json_extract(q, '$.text'), ''), coalesce(json_extract(q, "
    "'$.most'), 100) "
    "FROM (SELECT %s AS q)) "
    "SELECT 'session', * FROM (SELECT s.name, s.route, s.key, s.joined, s.ended, s.sockets, s.peak, s.bytes "
    "FROM r CROSS JOIN wsflow_session s INDEXED BY wsflow_session_joined WHERE r.start = '' AND s.joined > "
    "-1 "
    "ORDER BY s.joined DESC LIMIT (SELECT most FROM r)) "
    "UNION ALL "
    "SELECT 'session', * FROM (SELECT s.name, s.route, s.key, s.joined, s.ended, s.sockets, s.peak, s.bytes "
    "FROM r CROSS JOIN wsflow_session s WHERE r.start <> '' AND s.key >= r.start AND s.key < r.start || "
    "char(1114111) "
    "ORDER BY s.joined DESC LIMIT (SELECT most FROM r))";

}  // namespace

const Dialect kPgsql = {
    .driver = "pgsql",
    .parameters = with_pgsql_defaults,
    .settings = kPgsqlSettings,
    .is_fit = "SELECT CAST(getdatabaseencoding() = 'UTF8' AS integer)",
    .unfit = "the encoding of the database is not UTF8",
    .lock_schema = kPgsqlLock,
    // to_regclass() would go on saying what it has said before the lock.
    .has_schema =
        "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'wsflow_schema' AND "
        "pg_table_is_visible(oid)",
    .versions = kPgsqlVersions,
    .by_hand = "psql -1 -f ",
    .one_by_one = false,
    .busy = {},
    .apply = "SELECT * FROM wsflow_apply(CAST(%s AS jsonb))",
    .apply_answer = nullptr,
    .find = "SELECT * FROM wsflow_find(CAST(%s AS jsonb))",
};

const Dialect kSqlite = {
    .driver = "sqlite3",
    .parameters = as_they_are,
    .settings = kSqliteSettings,
    .is_fit = nullptr,
    .unfit = nullptr,
    .lock_schema = kSqliteLock,
    .has_schema = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'wsflow_schema'",
    .versions = kSqliteVersions,
    .by_hand = "sqlite3 FILE < ",
    .one_by_one = true,
    .busy = kSqliteBusy,
    .apply = "INSERT INTO wsflow_apply (batch) VALUES (%s)",
    .apply_answer = "SELECT answer, c1, c2, c3, c4, c5, c6, c7, c8 FROM wsflow_answer ORDER BY place",
    .find = kSqliteFind,
};

}  // namespace wsflow::presence
