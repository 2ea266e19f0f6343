#pragma once

#include <span>

struct apr_pool_t;

namespace wsflow::presence {

// What one database is told, and in which words.
struct Dialect {
  const char* driver;
  // The operator's parameters as the driver is to get them.
  const char* (*parameters)(apr_pool_t* pool, const char* parameters) noexcept;
  // Of a new connection.
  std::span<const char* const> settings;
  // 1 if the database can keep any key, or else what is said; or nullptr.
  const char* is_fit;
  const char* unfit;
  // Behind these, nobody else makes or changes the schema until the transaction ends.
  std::span<const char* const> lock_schema;
  // 0 or 1: whether there is any.
  const char* has_schema;
  // The files of the schema, version 1 first.
  std::span<const char* const> versions;
  // How a person runs one of them.
  const char* by_hand;
  // Whether a file is run statement by statement, each of which ends with an empty line, or at once.
  bool one_by_one;
  // Words of failures that only say that another connection is in the way, for a moment.
  std::span<const char* const> busy;
  // A call is a statement with the JSON as its only parameter. The answer is that of the statement, or else
  // is read by another one in the same transaction.
  const char* apply;
  const char* apply_answer;
  const char* find;
};

extern const Dialect kPgsql;
extern const Dialect kSqlite;

}  // namespace wsflow::presence
