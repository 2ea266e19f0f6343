#include "mod_wsflow/shm/tunnel_table.hpp"

#include <algorithm>
#include <bit>

#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

namespace {

std::uint64_t bit(std::size_t index) noexcept {
  return std::uint64_t{1} << (index % 64);
}

void write(RowUser& user, std::string_view text) noexcept {
  std::array<char, RowUser::kSize> bytes{};
  text.copy(bytes.data(), bytes.size());
  const auto words = std::bit_cast<std::array<std::uint64_t, RowUser::kSize / 8>>(bytes);
  for (std::size_t i = 0; i < words.size(); ++i) user.words[i].store(words[i], std::memory_order_release);
}

// The stores behind the first one release it, so that no reader sees them with the even number before.
void write(TunnelRow& row, RowUser& user, const TunnelFacts& facts, std::uint32_t label) noexcept {
  const auto sequence = row.sequence.load() | 1U;  // odd already where a process died in here
  row.sequence.store(sequence);
  row.id.store(facts.id, std::memory_order_release);
  row.permit.store(facts.permit, std::memory_order_release);
  row.started.store(facts.started_us, std::memory_order_release);
  row.began.store(facts.began_us, std::memory_order_release);
  const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(facts.client);
  for (std::size_t i = 0; i < words.size(); ++i) row.client[i].store(words[i], std::memory_order_release);
  row.label.store(static_cast<std::uint16_t>(label), std::memory_order_release);
  row.resource.store(static_cast<std::uint16_t>(facts.resource ? *facts.resource + 1 : 0),
                     std::memory_order_release);
  if (!facts.user.empty()) write(user, facts.user);
  const unsigned traits = facts.traits | (facts.user.empty() ? 0U : trait::kUser);
  row.traits.store(static_cast<std::uint16_t>(traits), std::memory_order_release);
  row.active.store(0, std::memory_order_release);
  for (std::size_t i = 0; i < 2; ++i) {
    row.rtt[i].store(0, std::memory_order_release);
    row.bytes[i].store(0, std::memory_order_release);
    row.messages[i].store(0, std::memory_order_release);
  }
  row.sequence.store(sequence + 1);
}

}  // namespace

RowLease::~RowLease() {
  if (rows_ != nullptr) rows_->free(row_);
}

std::uint32_t RowLease::take_command() noexcept {
  return rows_ != nullptr ? rows_->take_command(row_) : 0;
}
void RowLease::show(const Activity& activity) noexcept {
  if (rows_ != nullptr) rows_->show(row_, activity);
}
void RowLease::forget_permit() noexcept {
  if (rows_ != nullptr) rows_->forget_permit(row_);
}

std::uint32_t TunnelRows::take_command(std::uint32_t number) noexcept {
  auto& row = rows(layout_)[number];
  const auto sequence = row.sequence.load();
  auto word = row.command.load();
  const auto waits = [&] {
    return word >> 32U == sequence && action_of(static_cast<std::uint32_t>(word)) != Command::obeyed;
  };
  while (waits()) {
    if (row.command.compare_exchange_weak(word, command_word(sequence, Command::obeyed, 0)))
      return static_cast<std::uint32_t>(word);
  }
  return 0;
}

void TunnelRows::show(std::uint32_t number, const Activity& activity) noexcept {
  auto& row = rows(layout_)[number];
  auto& counts = label_table(layout_).counts[row.label.load(std::memory_order_relaxed)];
  // Only what has come since the last time is new to the label.
  const auto show = [](Counter& shown, std::uint64_t value, Counter& sum) {
    const auto before = shown.load(std::memory_order_relaxed);
    if (value == before) return;
    shown.store(value, std::memory_order_relaxed);
    sum.fetch_add(value - before, std::memory_order_relaxed);
  };
  for (std::size_t i = 0; i < 2; ++i) {
    show(row.bytes[i], activity.bytes[i], counts.bytes[i]);
    show(row.messages[i], activity.messages[i], counts.messages[i]);
    row.rtt[i].store(activity.rtt[i], std::memory_order_relaxed);
  }
  row.active.store(activity.active, std::memory_order_relaxed);
  constexpr unsigned kPassing = trait::kSlowClient | trait::kSlowOrigin | trait::kEnding;
  const unsigned fixed = row.traits.load(std::memory_order_relaxed) & ~kPassing;
  row.traits.store(static_cast<std::uint16_t>(fixed | (activity.traits & kPassing)),
                   std::memory_order_relaxed);
}

// One word, which is whole for whoever looks.
void TunnelRows::forget_permit(std::uint32_t row) noexcept {
  rows(layout_)[row].permit.store({}, std::memory_order_release);
}

void TunnelRows::count_close(std::uint32_t row, std::size_t from, std::size_t code) noexcept {
  label_table(layout_).counts[label(row)].closes[from][code].fetch_add(1, std::memory_order_relaxed);
}

std::uint32_t TunnelRows::label(std::uint32_t row) const noexcept {
  return rows(layout_)[row].label.load(std::memory_order_relaxed);
}

TunnelRows::TunnelRows(Layout& layout, const ProcessSlot& slot) noexcept : layout_(layout) {
  const auto index = index_of(layout, slot);
  owner_ = index ? *index + 1 : 0;
}

RowLease TunnelRows::open(const TunnelFacts& facts) noexcept {
  if (owner_ == 0) return {};
  const auto label = intern(layout_, {facts.server, facts.route, facts.origin, facts.origin_of_request});
  auto& counts = label_table(layout_).counts[label];
  counts.opened.fetch_add(1, std::memory_order_relaxed);
  counts.handshake_us.fetch_add(facts.handshake_us, std::memory_order_relaxed);
  const base::MutexLock lock(mutex_);
  const auto page = page_with_room();
  if (!page) return {};
  auto& used = page_heads(layout_)[*page].used;
  const auto before = used.load();
  const auto free = static_cast<std::size_t>(std::countr_one(before));
  const auto row = *page * kPageRows + free;
  write(rows(layout_)[row], row_users(layout_)[row], facts, label);
  used.store(before | bit(free));
  if ((before | bit(free)) == ~std::uint64_t{0}) room_[*page / 64] &= ~bit(*page);
  return {*this, static_cast<std::uint32_t>(row)};
}

bool TunnelRows::has_room() noexcept {
  if (owner_ == 0) return false;
  const base::MutexLock lock(mutex_);
  return page_with_room().has_value();
}

std::optional<std::uint32_t> TunnelRows::page_with_room() noexcept {
  for (std::size_t i = 0; i < room_.size(); ++i) {
    if (room_[i] != 0)
      return static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(room_[i]));
  }
  const auto pages = layout_.page_capacity;
  for (std::uint32_t i = 0; i < pages; ++i) {
    raise(layout_.pages_seen, i + 1);
    auto& owner = page_heads(layout_)[i].owner;
    std::uint32_t expected = 0;
    if (owner.load() != 0 || !owner.compare_exchange_strong(expected, owner_)) continue;
    room_[i / 64] |= bit(i);
    return i;
  }
  return std::nullopt;
}

void TunnelRows::free(std::uint32_t row) noexcept {
  const base::MutexLock lock(mutex_);
  const auto page = row / kPageRows;
  auto& head = page_heads(layout_)[page];
  const auto left = head.used.load() & ~bit(row);
  rows(layout_)[row].id.store(0);
  head.used.store(left);
  if (left != 0) {
    room_[page / 64] |= bit(page);
    return;
  }
  room_[page / 64] &= ~bit(page);
  head.owner.store(0);
}

}  // namespace wsflow::shm
