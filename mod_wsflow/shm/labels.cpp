#include "mod_wsflow/shm/labels.hpp"

#include <array>
#include <bit>

namespace wsflow::shm {

namespace {

Label packed(const LabelTexts& texts) noexcept {
  const std::string_view all[] = {texts.server, texts.route, texts.origin};
  Label result{};
  std::size_t begin = 0;
  for (std::size_t i = 0; i < Label::kTexts; begin = Label::kTextEnds[i++]) {
    all[i].copy(result.text.data() + begin, Label::kTextEnds[i] - begin);
  }
  return result;
}

std::string unpacked(const Label& label, std::size_t index) {
  const auto begin = index == 0 ? 0 : Label::kTextEnds[index - 1];
  const std::string_view whole(label.text.data() + begin, Label::kTextEnds[index] - begin);
  return std::string(whole.substr(0, whole.find('\0')));
}

std::size_t hash_of(const Label& label) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, by words
  for (const auto word : std::bit_cast<std::array<std::uint64_t, sizeof(Label) / 8>>(label)) {
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 32U;
  }
  return hash;
}

// Takes a label that nobody has; its index, or 0.
std::uint32_t take(LabelTable& table) noexcept {
  for (std::size_t i = 0; i < std::size(table.taken); ++i) {
    for (auto bits = table.taken[i].load(); bits != ~std::uint64_t{0};) {
      const auto free = static_cast<std::size_t>(std::countr_one(bits));
      if (table.taken[i].compare_exchange_weak(bits, bits | (std::uint64_t{1} << free)))
        return static_cast<std::uint32_t>(i * 64 + free + 1);
    }
  }
  return 0;
}

// The caller has taken it and it stands at no place.
void give_back(LabelTable& table, std::uint32_t index) noexcept {
  if (index == 0) return;
  const auto bit = index - 1;
  table.taken[bit / 64].fetch_and(~(std::uint64_t{1} << (bit % 64)));
}

}  // namespace

std::uint32_t intern(Layout& layout, const LabelTexts& texts) noexcept {
  const auto wanted = packed(texts);
  if (wanted == Label{}) return 0;
  auto& table = label_table(layout);
  const auto hash = hash_of(wanted);
  std::uint32_t ours = 0;  // written, and not yet at a place
  for (std::size_t i = 0; i < kLabelPlaces; ++i) {
    auto& place = table.places[(hash + i) % kLabelPlaces];
    auto found = place.load();
    if (found == 0) {
      if (texts.of_request && table.of_requests.load() >= kLabelsOfRequests) {
        give_back(table, ours);
        return intern(layout, {.server = texts.server, .route = texts.route, .origin = kOtherOrigins});
      }
      if (ours == 0) {
        ours = take(table);
        if (ours == 0) {
          table.lost.fetch_add(1, std::memory_order_relaxed);
          return 0;
        }
        table.labels[ours - 1] = wanted;
      }
      if (place.compare_exchange_strong(found, ours)) {
        if (texts.of_request) table.of_requests.fetch_add(1);
        return ours;
      }
    }
    if (table.labels[found - 1] != wanted) continue;
    give_back(table, ours);
    return found;
  }
  give_back(table, ours);
  return 0;
}

void count_refused(Layout& layout, std::uint32_t index, base::HandshakeRefusal reason) noexcept {
  auto& refused = label_table(layout).counts[index].refused;
  refused[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t labels_lost(const Layout& layout) noexcept {
  return label_table(layout).lost.load(std::memory_order_relaxed);
}

std::vector<LabelView> all_labels(const Layout& layout) {
  std::vector<LabelView> found(1);
  // What stands at no place may still be written.
  for (const auto& place : label_table(layout).places) {
    const auto index = place.load();
    if (index == 0 || index > kLabels) continue;
    if (index >= found.size()) found.resize(index + 1);
    found[index] = label(layout, index);
  }
  return found;
}

LabelView label(const Layout& layout, std::uint32_t index) {
  if (index == 0 || index > kLabels) return {};
  const auto& label = label_table(layout).labels[index - 1];
  return {unpacked(label, 0), unpacked(label, 1), unpacked(label, 2)};
}

}  // namespace wsflow::shm
