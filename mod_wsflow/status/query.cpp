#include "mod_wsflow/status/query.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace wsflow::status {

namespace {

constexpr std::size_t kJsonCount = 1000;
constexpr std::size_t kMostCount = 10'000;
constexpr std::size_t kMostText = 256;

struct Sort {
  const char* text;
  shm::SortBy sort;
};
constexpr Sort kSorts[] = {
    {"place", shm::SortBy::row},     {"age", shm::SortBy::age},           {"idle", shm::SortBy::idle},
    {"bytes", shm::SortBy::bytes},   {"messages", shm::SortBy::messages}, {"rtt", shm::SortBy::rtt},
    {"client", shm::SortBy::client}, {"user", shm::SortBy::user},         {"route", shm::SortBy::route},
    {"origin", shm::SortBy::origin}, {"state", shm::SortBy::state},
};

std::optional<unsigned> digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// Decodes a form's encoding; other text stays as it is.
std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : std::nullopt;
    const auto low = high ? digit(text[i + 2]) : std::nullopt;
    if (low) {
      result.push_back(static_cast<char>(*high << 4U | *low));
      i += 2;
    } else {
      result.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return result;
}

bool read_number(std::string_view text, std::size_t& value) noexcept {
  const auto* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc{} && result.ptr == end;
}

bool read_sort(std::string_view text, shm::SortBy& sort) noexcept {
  const auto* found =
      std::find_if(std::begin(kSorts), std::end(kSorts), [&](const Sort& each) { return text == each.text; });
  if (found == std::end(kSorts)) return false;
  sort = found->sort;
  return true;
}

std::string legal_sorts() {
  std::string result = "sort: legal are";
  for (const auto& word : kSorts) result.append(" ").append(word.text);
  return result;
}

StatusFormat format_of(std::string_view word) noexcept {
  if (word == "json") return StatusFormat::json;
  if (word == "auto") return StatusFormat::lines;
  if (word == "manual") return StatusFormat::manual;
  return word == "metrics" ? StatusFormat::metrics : StatusFormat::page;
}

// The number of tunnels that a format shows by default.
std::size_t count_of(StatusFormat format) noexcept {
  switch (format) {
    case StatusFormat::page: return kPageCount;
    case StatusFormat::json: return kJsonCount;
    case StatusFormat::lines:
    case StatusFormat::metrics:
    case StatusFormat::manual: break;
  }
  return 0;
}

// Takes one key into `query`. Returns the legal values if `value` is illegal, else nothing.
std::string take(StatusQuery& query, std::string_view key, std::string_view value) {
  auto& selector = query.tunnels.selector;
  if (key == "sort") return read_sort(value, query.tunnels.sort) ? "" : legal_sorts();
  if (key == "dir") {
    query.tunnels.descending = value == "desc";
    return value == "desc" || value == "asc" ? "" : "dir: legal are asc and desc";
  }
  if (key == "from") return read_number(value, query.tunnels.first) ? "" : "from: needs a number";
  if (key == "count") return read_number(value, query.tunnels.count) ? "" : "count: needs a number";
  if (key == "history") {
    query.history = value == "1";
    return value == "0" || value == "1" ? "" : "history: legal are 0 and 1";
  }
  struct Text {
    std::string_view key;
    std::string& value;
  };
  const Text texts[] = {
      {"presence", query.presence}, {"filter", selector.part},   {"client", selector.client},
      {"user", selector.user},      {"server", selector.server}, {"route", selector.route},
      {"origin", selector.origin},  {"limit", selector.limit},   {"key", selector.key}};
  for (const auto& text : texts) {
    if (text.key == key) text.value = decoded(value).substr(0, kMostText);
  }
  return {};
}

}  // namespace

std::optional<StatusQuery> read_status_query(std::string_view query, std::string& wrong) {
  StatusQuery result;
  result.format = format_of(query.substr(0, query.find_first_of("&=")));
  result.tunnels.count = count_of(result.format);
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    wrong = take(result, part.substr(0, equals), part.substr(equals + 1));
    if (!wrong.empty()) return std::nullopt;
  }
  if (result.tunnels.selector.limit.empty() != result.tunnels.selector.key.empty()) {
    wrong = "key and limit go together: the key, and the name of the limit that has it";
    return std::nullopt;
  }
  result.tunnels.count = std::min(result.tunnels.count, kMostCount);
  return result;
}

const char* name(shm::SortBy sort) noexcept {
  const auto* found =
      std::find_if(std::begin(kSorts), std::end(kSorts), [&](const Sort& each) { return sort == each.sort; });
  return found != std::end(kSorts) ? found->text : "place";
}

}  // namespace wsflow::status
