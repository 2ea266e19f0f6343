#include "mod_wsflow/shm/tunnel_table.hpp"

#include <algorithm>
#include <bit>

#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

namespace {

using ClientWords = std::array<std::uint64_t, 2>;

std::uint64_t bit(std::size_t index) noexcept {
  return std::uint64_t{1} << (index % 64);
}

std::uint64_t command_word(std::uint32_t sequence, Command action, std::uint16_t code) noexcept {
  return (std::uint64_t{sequence} << 32U) | (std::uint64_t{static_cast<std::uint16_t>(action)} << 16U) | code;
}

// The stores behind the first one release it, so that no reader sees them with the even number before.
void write(TunnelRow& row, const TunnelFacts& facts, std::uint32_t label) noexcept {
  const auto sequence = row.sequence.load() | 1U;  // odd already where a process died in here
  row.sequence.store(sequence);
  row.id.store(facts.id, std::memory_order_release);
  row.generation.store(facts.generation, std::memory_order_release);
  row.started.store(facts.started_us, std::memory_order_release);
  const auto words = std::bit_cast<ClientWords>(facts.client);
  for (std::size_t i = 0; i < words.size(); ++i) row.client[i].store(words[i], std::memory_order_release);
  row.label.store(label, std::memory_order_release);
  row.resource.store(facts.resource ? *facts.resource + 1 : 0, std::memory_order_release);
  row.sequence.store(sequence + 1);
}

// What the row says of its tunnel; nothing while it changes.
std::optional<TunnelView> read(const Layout& layout, const TunnelRow& row) {
  const auto before = row.sequence.load();
  if (before % 2 != 0) return std::nullopt;
  TunnelView view{};
  view.id = row.id.load(std::memory_order_acquire);
  view.generation = row.generation.load(std::memory_order_acquire);
  view.started_us = row.started.load(std::memory_order_acquire);
  ClientWords words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = row.client[i].load(std::memory_order_acquire);
  const auto index = row.label.load(std::memory_order_acquire);
  if (row.sequence.load() != before) return std::nullopt;
  view.client = std::bit_cast<Address>(words).text();
  auto texts = label(layout, index);
  view.server = std::move(texts.server);
  view.route = std::move(texts.route);
  view.origin = std::move(texts.origin);
  return view;
}

// Calls `visit(row index, page head, owner)` for each used row until it says true.
template <class Visit>
bool find_row(const Layout& layout, std::size_t skip, Visit&& visit) {
  const auto pages = layout.pages_seen.load();
  for (std::uint32_t i = 0; i < pages; ++i) {
    const auto& page = page_heads(layout)[i];
    const auto owner = page.owner.load();
    auto used = owner != 0 ? page.used.load() : 0;
    for (; used != 0; used &= used - 1) {
      if (skip > 0) {
        --skip;
      } else if (visit(i * kPageRows + static_cast<std::size_t>(std::countr_zero(used)), page, owner)) {
        return true;
      }
    }
  }
  return false;
}

// Sets the command of the row if it is that of this tunnel. The command carries the row's sequence: a tunnel
// that gets the row meanwhile does not take it.
bool set_command(TunnelRow& row, std::uint64_t id, Command action, std::uint16_t code) noexcept {
  for (auto current = row.command.load();;) {
    const auto sequence = row.sequence.load();
    if (sequence % 2 != 0 || row.id.load() != id || row.sequence.load() != sequence) return false;
    if (row.command.compare_exchange_strong(current, command_word(sequence, action, code))) return true;
  }
}

bool was_told(const TunnelRow& row) noexcept {
  return row.command.load() >> 32U == row.sequence.load();
}

}  // namespace

RowPlace::~RowPlace() {
  if (rows_ != nullptr) rows_->free(row_);
}

std::uint32_t RowPlace::take_command() noexcept {
  if (rows_ == nullptr) return 0;
  auto& row = rows(rows_->layout_)[row_];
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

TunnelRows::TunnelRows(Layout& layout, const ProcessSlot& slot) noexcept : layout_(layout) {
  const auto index = index_of(layout, slot);
  owner_ = index ? *index + 1 : 0;
}

RowPlace TunnelRows::open(const TunnelFacts& facts) noexcept {
  if (owner_ == 0) return {};
  const auto label = intern(layout_, {facts.server, facts.route, facts.origin});
  const std::lock_guard lock(mutex_);
  const auto page = page_with_room();
  if (!page) return {};
  auto& used = page_heads(layout_)[*page].used;
  const auto before = used.load();
  const auto free = static_cast<std::size_t>(std::countr_one(before));
  const auto row = *page * kPageRows + free;
  write(rows(layout_)[row], facts, label);
  used.store(before | bit(free));
  if ((before | bit(free)) == ~std::uint64_t{0}) room_[*page / 64] &= ~bit(*page);
  return {*this, static_cast<std::uint32_t>(row)};
}

std::optional<std::uint32_t> TunnelRows::page_with_room() noexcept {
  for (std::size_t i = 0; i < room_.size(); ++i) {
    if (room_[i] != 0)
      return static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(room_[i]));
  }
  const auto pages = layout_.pages.load();
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
  const std::lock_guard lock(mutex_);
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

std::uint64_t tunnel_count(const Layout& layout) noexcept {
  std::uint64_t count = 0;
  const auto pages = layout.pages_seen.load();
  for (std::uint32_t i = 0; i < pages; ++i) {
    const auto& page = page_heads(layout)[i];
    if (page.owner.load() != 0) count += static_cast<std::uint64_t>(std::popcount(page.used.load()));
  }
  return count;
}

std::vector<TunnelView> tunnels(const Layout& layout, std::size_t first, std::size_t count) {
  std::vector<TunnelView> result;
  if (count == 0) return result;
  result.reserve(std::min<std::size_t>(count, tunnel_count(layout)));
  find_row(layout, first, [&](std::size_t index, const PageHead& page, std::uint32_t owner) {
    const auto& slot = slots(layout)[owner - 1];
    auto view = read(layout, rows(layout)[index]);
    if (!view || view->id == 0) return false;
    view->pid = Owner{slot.owner.load()}.pid();
    view->kind = static_cast<ProcessKind>(slot.kind.load());
    if (page.owner.load() != owner || view->pid == 0) return false;
    result.push_back(std::move(*view));
    return result.size() == count;
  });
  return result;
}

bool command(Layout& layout, std::uint64_t id, Command action, std::uint16_t code) noexcept {
  return id != 0 && find_row(layout, 0, [&](std::size_t index, const PageHead&, std::uint32_t owner) {
           if (rows(layout)[index].id.load() != id) return false;
           if (!set_command(rows(layout)[index], id, action, code)) return false;
           slots(layout)[owner - 1].commands.fetch_add(1);
           return true;
         });
}

std::size_t command_some(Layout& layout, std::uint32_t resource, std::size_t most, Command action,
                         std::uint16_t code) noexcept {
  std::size_t told = 0;
  if (most == 0) return told;
  find_row(layout, 0, [&](std::size_t index, const PageHead&, std::uint32_t owner) {
    auto& row = rows(layout)[index];
    const auto id = row.id.load();
    if (id == 0 || row.resource.load() != resource + 1 || was_told(row)) return false;
    if (!set_command(row, id, action, code)) return false;
    slots(layout)[owner - 1].commands.fetch_add(1);
    return ++told == most;
  });
  return told;
}

}  // namespace wsflow::shm
