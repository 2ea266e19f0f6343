#include "mod_wsflow/status/catalogue_entry.hpp"

#include <algorithm>
#include <numeric>

namespace wsflow::status {

namespace {

Entry times_entry(const metrics::TimesFamily& family, std::string_view path, bool mean) noexcept {
  return {.path = path,
          .first = family.first,
          .count = family.count * family.times.counters(),
          .times = &family.times,
          .mean = mean};
}

std::vector<Entry> with_first(std::span<const Entry> entries, std::span<const std::string_view> leading) {
  std::vector<Entry> result;
  result.reserve(entries.size());
  // The last round is for those that do not lead.
  for (std::size_t round = 0; round <= leading.size(); ++round) {
    for (const auto& entry : entries) {
      const auto place = std::find(leading.begin(), leading.end(), entry.path) - leading.begin();
      if (static_cast<std::size_t>(place) == round) result.push_back(entry);
    }
  }
  return result;
}

std::vector<Entry> entries_of(const char* metrics::Shown::*path) {
  std::vector<Entry> entries;
  for (const auto& family : metrics::families()) {
    for (const auto& shown : family.shown) {
      if (shown.*path != nullptr) entries.push_back(entry_of(family, shown, shown.*path));
    }
  }
  return entries;
}

std::uint64_t times_value(const Entry& entry, const shm::Counters& counters) noexcept {
  const auto buckets = entry.times->buckets();
  std::uint64_t measured = 0;
  std::uint64_t sum = 0;
  for (auto at = entry.first; at < entry.first + entry.count; at += entry.times->counters()) {
    for (std::size_t i = 0; i < buckets; ++i) measured += counters[at + i];
    sum += counters[at + buckets];
  }
  if (!entry.mean) return measured;
  return measured != 0 ? sum / measured : 0;
}

}  // namespace

Entry entry_of(const metrics::Family& family, const metrics::Shown& shown, std::string_view path) noexcept {
  Entry entry{.path = path, .first = family.first, .count = family.count, .sparse = shown.sparse};
  if (shown.part == metrics::Part::first) entry.count = 1;
  if (shown.part == metrics::Part::rest) {
    ++entry.first;
    --entry.count;
    entry.skipped = 1;
  }
  return entry;
}

std::vector<Entry> json_entries(std::span<const std::string_view> leading) {
  auto entries = entries_of(&metrics::Shown::json);
  for (const auto& family : metrics::histograms()) {
    if (family.shown.json_count != nullptr)
      entries.push_back(times_entry(family, family.shown.json_count, false));
    if (family.shown.json_mean != nullptr)
      entries.push_back(times_entry(family, family.shown.json_mean, true));
  }
  return with_first(entries, leading);
}

std::vector<Entry> line_entries(std::span<const std::string_view> leading) {
  return with_first(entries_of(&metrics::Shown::line), leading);
}

Entry narrowed(const Entry& entry, const metrics::Label& label, std::size_t value,
               std::string_view path) noexcept {
  auto result = entry;
  result.path = path;
  result.count = entry.count / (label.count - entry.skipped);
  result.first = entry.first + (value - entry.skipped) * result.count;
  result.skipped = 0;
  return result;
}

std::uint64_t value_of(const Entry& entry, const shm::Counters& counters) noexcept {
  if (entry.times != nullptr) return times_value(entry, counters);
  const auto own = std::span(counters).subspan(entry.first, entry.count);
  return std::accumulate(own.begin(), own.end(), std::uint64_t{0});
}

Pattern Pattern::of(std::string_view path) noexcept {
  const auto begin = path.find('<');
  if (begin == std::string_view::npos) return {.before = path, .label = {}, .after = {}};
  const auto end = path.find('>', begin);
  return {.before = path.substr(0, begin),
          .label = path.substr(begin + 1, end - begin - 1),
          .after = path.substr(end + 1)};
}

}  // namespace wsflow::status
