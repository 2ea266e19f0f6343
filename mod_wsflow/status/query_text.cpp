#include "mod_wsflow/status/query_text.hpp"

#include "mod_wsflow/status/html_text.hpp"
#include "mod_wsflow/status/query.hpp"

namespace wsflow::status {

std::string to_query(const shm::Query& query) {
  std::string out;
  const auto add = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    out.append(out.empty() ? "" : "&").append(key).append("=").append(escape_url(value));
  };
  if (query.sort != shm::SortBy::row || query.descending) {
    add("sort", name(query.sort));
    add("dir", query.descending ? "desc" : "asc");
  }
  add("filter", query.selector.part);
  add("client", query.selector.client);
  add("user", query.selector.user);
  add("server", query.selector.server);
  add("route", query.selector.route);
  add("origin", query.selector.origin);
  add("limit", query.selector.limit);
  add("key", query.selector.key);
  if (query.first != 0) add("from", std::to_string(query.first));
  if (query.count != kPageCount) add("count", std::to_string(query.count));
  return out;
}

}  // namespace wsflow::status
