#include "mod_wsflow/httpd/request/field_changes.hpp"

#include <algorithm>
#include <cstring>

#include "mod_wsflow/httpd/elements.hpp"

namespace wsflow::httpd {

namespace {

using Fields = std::span<const apr_table_entry_t>;

Fields entries(const apr_table_t* table) noexcept {
  return elements<const apr_table_entry_t>(apr_table_elts(table));
}

// A copied table shares the texts of its original: their addresses are equal.
bool same_text(const char* one, const char* other) noexcept {
  return one == other || std::strcmp(one, other) == 0;
}
bool same_name(const char* one, const char* other) noexcept {
  return one == other || ap_cstr_casecmp(one, other) == 0;
}
bool same(const apr_table_entry_t& one, const apr_table_entry_t& other) noexcept {
  return same_name(one.key, other.key) && same_text(one.val, other.val);
}

// The next value of `name` from index `at` on; moves `at` behind it. nullptr: none.
const char* next(Fields fields, std::size_t& at, const char* name) noexcept {
  while (at < fields.size()) {
    const auto& field = fields[at++];
    if (same_name(field.key, name)) return field.val;
  }
  return nullptr;
}

bool same_values(Fields one, Fields other, const char* name) noexcept {
  for (std::size_t i = 0, k = 0;;) {
    const char* first = next(one, i, name);
    const char* second = next(other, k, name);
    if (first == nullptr || second == nullptr) return first == second;
    if (!same_text(first, second)) return false;
  }
}

void replace(apr_table_t* in, const char* name, Fields by) noexcept {
  apr_table_unset(in, name);
  for (const auto& field : by) {
    if (same_name(field.key, name)) apr_table_addn(in, field.key, field.val);
  }
}

}  // namespace

bool same_fields(const apr_table_t* one, const apr_table_t* other) noexcept {
  return one == other || std::ranges::equal(entries(one), entries(other), same);
}

apr_table_t* with_changes(apr_pool_t* pool, apr_table_t* fields, const apr_table_t* before,
                          const apr_table_t* after) noexcept {
  if (same_fields(before, after)) return fields;
  const auto was = entries(before);
  const auto is = entries(after);
  auto* changed = apr_table_copy(pool, fields);
  // Equal entries at the front have not changed, unless their names come again behind it.
  const auto front = static_cast<std::size_t>(std::ranges::mismatch(was, is, same).in1 - was.begin());
  for (const auto all : {was.subspan(front), is.subspan(front)}) {
    for (const auto& field : all) {
      if (!same_values(was, is, field.key)) replace(changed, field.key, is);
    }
  }
  return changed;
}

}  // namespace wsflow::httpd
