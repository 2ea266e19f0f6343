#include "mod_wsflow/stores/presence/database.hpp"

#include <cstdlib>
#include <string_view>

#include "mod_wsflow/stores/presence/connect_parameters.hpp"

namespace wsflow::presence {
namespace {

// The whole answer is fetched at once. Row by row, the driver of PostgreSQL sleeps for 0.1 s at its end.
constexpr int kWhole = 1;
constexpr int kNextRow = -1;
constexpr int kNoNumber = -1;

struct Number {
  long long value = 0;
  bool is_there = false;
};

// Behind the last row the driver of PostgreSQL has freed all values.
void keep_number(void* context, std::size_t count, const char* const* values) noexcept {
  if (count == 1 && values[0] != nullptr) *static_cast<Number*>(context) = {std::atoll(values[0]), true};
}

}  // namespace

void write_error(wsflow_store_error error, const char* what, const char* reason) noexcept {
  if (error.text == nullptr || error.size == 0) return;
  char* at = error.text;
  const char* const end = error.text + error.size - 1;
  for (const std::string_view part :
       {std::string_view(what), std::string_view(": "), std::string_view(reason)}) {
    for (const char c : part) {
      const bool blank = static_cast<unsigned char>(c) <= ' ';
      if (at == end) break;
      // A reason has lines, tabs, and a newline at its end.
      if (!blank) *at++ = c;
      if (blank && at != error.text && at[-1] != ' ') *at++ = ' ';
    }
  }
  while (at != error.text && (at[-1] == ' ' || at[-1] == ':')) --at;
  *at = '\0';
}

bool Database::open(const char* driver, const char* parameters, wsflow_store_error error) noexcept {
  // mod_dbd may have done so already. The first call counts, and its memory lives as long as the process.
  apr_status_t status = apr_dbd_init(pool_);
  if (status == APR_SUCCESS) status = apr_dbd_get_driver(pool_, driver, &driver_);
  if (status != APR_SUCCESS) {
    char text[120];
    write_error(error, apr_pstrcat(pool_, "the driver apr_dbd_", driver, " cannot be loaded", nullptr),
                apr_strerror(status, text, sizeof text));
    return false;
  }
  const char* reason = nullptr;
  if (apr_dbd_open_ex(driver_, pool_, parameters, &handle_, &reason) == APR_SUCCESS) return true;
  handle_ = nullptr;
  if (reason == nullptr) reason = "no reason is given";
  if (may_quote_parameters(reason)) reason = "the parameters cannot be read";
  write_error(error, "cannot connect", reason);
  return false;
}

void Database::close() noexcept {
  if (handle_ != nullptr) apr_dbd_close(driver_, handle_);
  handle_ = nullptr;
}

int Database::run(const char* sql) noexcept {
  int rows = 0;
  return apr_dbd_query(driver_, handle_, &rows, sql);
}

int Database::read(const char* sql, wsflow_store_row* on_row, void* context, const char* before) noexcept {
  const CallPool pool(pool_);
  apr_dbd_results_t* results = nullptr;
  int result = apr_dbd_select(driver_, pool, handle_, &results, sql, kWhole);
  if (result == 0 && before != nullptr) result = run(before);
  return result != 0 ? result : hand_out(pool, results, on_row, context);
}

int Database::read_number(const char* sql, long long& number) noexcept {
  Number answer;
  if (const int result = read(sql, keep_number, &answer); result != 0) return result;
  if (!answer.is_there) return kNoNumber;
  number = answer.value;
  return 0;
}

int Database::prepare(const char* sql, apr_dbd_prepared_t*& statement) noexcept {
  statement = nullptr;
  // Without a label: PostgreSQL gets text and parameter together, which works behind a pooler too.
  return apr_dbd_prepare(driver_, pool_, handle_, sql, nullptr, &statement);
}

int Database::run(apr_dbd_prepared_t* statement, const char* text) noexcept {
  const CallPool pool(pool_);
  int rows = 0;
  return apr_dbd_pquery(driver_, pool, handle_, &rows, statement, 1, &text);
}

int Database::read(apr_dbd_prepared_t* statement, const char* text, wsflow_store_row* on_row,
                   void* context) noexcept {
  const CallPool pool(pool_);
  apr_dbd_results_t* results = nullptr;
  const int result = apr_dbd_pselect(driver_, pool, handle_, &results, statement, kWhole, 1, &text);
  return result != 0 ? result : hand_out(pool, results, on_row, context);
}

int Database::hand_out(apr_pool_t* pool, apr_dbd_results_t* results, wsflow_store_row* on_row,
                       void* context) noexcept {
  constexpr int kMostColumns = 16;
  const int columns = apr_dbd_num_cols(driver_, results);
  const int count = columns < kMostColumns ? columns : kMostColumns;
  apr_dbd_row_t* row = nullptr;
  while (apr_dbd_get_row(driver_, pool, results, &row, kNextRow) == 0) {
    const char* values[kMostColumns] = {};
    for (int i = 0; i < count; ++i) {
      // apr_dbd_get_entry() has "" for a NULL of PostgreSQL.
      if (apr_dbd_datum_get(driver_, row, i, APR_DBD_TYPE_STRING, &values[i]) != APR_SUCCESS)
        values[i] = nullptr;
    }
    if (on_row != nullptr) on_row(context, static_cast<std::size_t>(count), values);
  }
  return 0;
}

const char* Database::reason(int result) noexcept {
  if (result == kNoNumber) return "the answer is no number";
  const char* text = apr_dbd_error(driver_, handle_, result);
  return text != nullptr && *text != '\0' ? text : "no reason is given";
}

}  // namespace wsflow::presence
