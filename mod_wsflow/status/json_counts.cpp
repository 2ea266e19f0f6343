#include "mod_wsflow/status/json_counts.hpp"

#include <algorithm>

namespace wsflow::status {

namespace {

std::string_view head_of(std::string_view path) noexcept {
  return path.substr(0, path.find('.'));
}

std::string_view behind_head(std::string_view path) noexcept {
  return path.substr(std::min(head_of(path).size() + 1, path.size()));
}

// The entries are what stands under this key: one number, or the members of an object.
void write_member(Writer& writer, const shm::Counters& counters, std::string_view key,
                  std::span<const Entry> entries) {
  const auto& first = entries.front();
  if (!first.path.empty()) {
    begin_object(writer, key);
    write_entries(writer, counters, entries);
    writer.EndObject();
  } else if (const auto value = value_of(first, counters); value != 0 || !first.sparse) {
    number(writer, key, value);
  }
}

void write_values(Writer& writer, const shm::Counters& counters, const metrics::Label& label,
                  std::span<const Entry> entries) {
  for (auto value = entries.front().skipped; value < label.count; ++value) {
    std::vector<Entry> members(entries.begin(), entries.end());
    for (auto& entry : members) entry = narrowed(entry, label, value, behind_head(entry.path));
    write_member(writer, counters, label.value(value), members);
  }
}

}  // namespace

std::vector<Entry> entries_in(std::span<const Entry> entries, std::string_view name) {
  std::vector<Entry> found;
  found.reserve(entries.size());
  for (const auto& entry : entries) {
    if (head_of(entry.path) == name) found.push_back(entry);
  }
  for (auto& entry : found) entry.path = behind_head(entry.path);
  return found;
}

void write_object(Writer& writer, const shm::Counters& counters, std::span<const Entry> entries,
                  std::string_view name) {
  begin_object(writer, name);
  write_entries(writer, counters, entries_in(entries, name));
  writer.EndObject();
}

void write_entries(Writer& writer, const shm::Counters& counters, std::span<const Entry> entries) {
  for (const auto& entry : entries) {
    const auto head = head_of(entry.path);
    // All entries of an object that has a label's values as keys have this label.
    if (const auto label = Pattern::of(head).label; !label.empty())
      return write_values(writer, counters, metrics::label(label), entries);
    const auto first = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& other) { return head_of(other.path) == head; });
    if (&*first == &entry) write_member(writer, counters, head, entries_in(entries, head));
  }
}

}  // namespace wsflow::status
