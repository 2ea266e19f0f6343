#include "mod_wsflow/stores/presence/migration.hpp"

#include <cstring>

namespace wsflow::presence {
namespace {

constexpr int kTries = 20;
constexpr apr_interval_time_t kPause = 50'000;  // microseconds

// 0, or the number of a failure. 0 is also the version of a database without a schema.
int read_version(Database& database, const Dialect& dialect, long long& version) noexcept {
  version = 0;
  long long there = 0;
  if (const int result = database.read_number(dialect.has_schema, there); result != 0) return result;
  return there == 0 ? 0 : database.read_number("SELECT version FROM wsflow_schema", version);
}

int run_file(Database& database, const Dialect& dialect, const char* file) noexcept {
  if (!dialect.one_by_one) return database.run(file);
  // The driver of SQLite goes on behind a statement that fails, and takes the blank behind the last one for a
  // statement.
  constexpr const char* kEnd = ";\n";
  int result = 0;
  const CallPool pool(database.pool());
  for (const char* at = file; *at != '\0' && result == 0;) {
    const char* end = std::strstr(at, ";\n\n");
    if (end == nullptr) end = at + std::strlen(at) - std::strlen(kEnd);
    result = database.run(apr_pstrmemdup(pool, at, static_cast<apr_size_t>(end - at)));
    at = end + std::strlen(kEnd);
    while (*at == '\n') ++at;
  }
  return result;
}

struct Step {
  int result;
  const char* what;
};

// What is said when a file cannot be run: whoever may do so runs it.
const char* advice(apr_pool_t* pool, const Dialect& dialect, long long version) noexcept {
  return apr_psprintf(
      pool, "cannot make the schema; who may do so runs %s.../wsflow/presence/%s/%" APR_INT64_T_FMT ".sql",
      dialect.by_hand, dialect.driver, static_cast<apr_int64_t>(version));
}

// From `version` to the newest. Another process may have done so meanwhile.
Step run_files(Database& database, const Dialect& dialect, long long version) noexcept {
  const auto newest = static_cast<long long>(dialect.versions.size());
  for (const char* statement : dialect.lock_schema) {
    if (const int result = database.run(statement); result != 0) return {result, "cannot lock the schema"};
  }
  if (const int result = read_version(database, dialect, version); result != 0) {
    return {result, "cannot read the version of the schema"};
  }
  for (; version < newest; ++version) {
    const auto index = static_cast<std::size_t>(version);
    if (const int result = run_file(database, dialect, dialect.versions[index]); result != 0) {
      return {result, advice(database.pool(), dialect, version + 1)};
    }
  }
  return {database.run("COMMIT"), "cannot make the schema"};
}

Step prepare(Database& database, const Dialect& dialect) noexcept {
  for (const char* statement : dialect.settings) {
    if (const int result = database.read(statement, nullptr, nullptr); result != 0)
      return {result, statement};
  }
  long long version = 0;
  if (const int result = read_version(database, dialect, version); result != 0) {
    return {result, "cannot read the version of the schema"};
  }
  return version < static_cast<long long>(dialect.versions.size()) ? run_files(database, dialect, version)
                                                                   : Step{0, nullptr};
}

bool is_busy(const Dialect& dialect, const char* reason) noexcept {
  for (const char* words : dialect.busy) {
    if (std::strstr(reason, words) != nullptr) return true;
  }
  return false;
}

}  // namespace

bool prepare_database(Database& database, const Dialect& dialect, wsflow_store_error error) noexcept {
  long long fit = 1;
  if (dialect.is_fit != nullptr && (database.read_number(dialect.is_fit, fit) != 0 || fit != 1)) {
    write_error(error, "cannot keep every key", fit != 1 ? dialect.unfit : database.reason(1));
    return false;
  }
  Step step = prepare(database, dialect);
  for (int i = 1; i < kTries && step.result != 0 && is_busy(dialect, database.reason(step.result)); ++i) {
    database.run("ROLLBACK");
    apr_sleep(kPause);
    step = prepare(database, dialect);
  }
  if (step.result != 0) {
    write_error(error, step.what, database.reason(step.result));
    return false;
  }
  long long version = 0;
  if (const int result = read_version(database, dialect, version); result != 0) {
    write_error(error, "cannot read the version of the schema", database.reason(result));
    return false;
  }
  const auto newest = static_cast<long long>(dialect.versions.size());
  if (version == newest) return true;
  write_error(
      error, "the schema is newer than this module",
      apr_psprintf(database.pool(), "it has version %" APR_INT64_T_FMT ", the module knows %" APR_INT64_T_FMT,
                   static_cast<apr_int64_t>(version), static_cast<apr_int64_t>(newest)));
  return false;
}

}  // namespace wsflow::presence
