#include "mod_wsflow/shm/tunnel_view.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <tuple>

#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/shm/owner.hpp"

namespace wsflow::shm {

namespace {

// What is needed of a row to choose it and to find its place; read under its sequence.
struct Candidate {
  std::uint32_t row;
  std::uint32_t slot;
  std::uint32_t sequence;
  std::uint64_t id;
  std::int64_t started;
  std::int64_t began;
  Address client;
  std::uint32_t label;
  std::uint32_t resource;
  limits::PermitRef permit;
  std::uint16_t traits;
};

// The first half of a reading: nothing while the row is written, or if it is of no tunnel.
std::optional<Candidate> read(const Layout& layout, std::uint32_t index, std::uint32_t slot) noexcept {
  const auto& row = rows(layout)[index];
  Candidate result{};
  result.row = index;
  result.slot = slot;
  result.sequence = row.sequence.load();
  result.id = row.id.load(std::memory_order_acquire);
  result.started = row.started.load(std::memory_order_acquire);
  result.began = row.began.load(std::memory_order_acquire);
  std::array<std::uint64_t, 2> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = row.client[i].load(std::memory_order_acquire);
  result.client = std::bit_cast<Address>(words);
  result.label = row.label.load(std::memory_order_acquire);
  result.resource = row.resource.load(std::memory_order_acquire);
  result.permit = row.permit.load(std::memory_order_acquire);
  result.traits = row.traits.load(std::memory_order_acquire);
  const bool whole = result.sequence % 2 == 0 && row.sequence.load() == result.sequence;
  return whole && result.id != 0 ? std::optional(result) : std::nullopt;
}

std::string user_of(const Layout& layout, const Candidate& one) {
  if ((one.traits & trait::kUser) == 0) return {};
  std::array<std::uint64_t, RowUser::kSize / 8> words{};
  const auto& user = row_users(layout)[one.row];
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = user.words[i].load(std::memory_order_acquire);
  if (rows(layout)[one.row].sequence.load() != one.sequence) return {};
  const auto bytes = std::bit_cast<std::array<char, RowUser::kSize>>(words);
  return {bytes.begin(), std::find(bytes.begin(), bytes.end(), '\0')};
}

// Calls `visit(row index, slot index)` for each used row until it says true.
template <class Visit>
void each_row(const Layout& layout, Visit&& visit) {
  const auto pages = layout.pages_seen.load();
  for (std::uint32_t i = 0; i < pages; ++i) {
    const auto& page = page_heads(layout)[i];
    const auto owner = page.owner.load();
    for (auto used = owner != 0 ? page.used.load() : 0; used != 0; used &= used - 1) {
      const auto row = i * kPageRows + static_cast<std::size_t>(std::countr_zero(used));
      if (visit(static_cast<std::uint32_t>(row), owner - 1)) return;
    }
  }
}

bool contains(const std::string& text, const std::string& part) noexcept {
  return text.find(part) != std::string::npos;
}

// What a selector says of labels, looked up once for all rows, and of everything else of a row.
class Match {
 public:
  Match(const Layout& layout, const Selector& selector) : layout_(layout), selector_(selector) {
    if (selector.server.empty() && selector.route.empty() && selector.origin.empty() &&
        selector.part.empty()) {
      wanted_.resize(kLabels + 1, true);
      return;
    }
    // Index 0 has empty texts.
    const auto labels = all_labels(layout);
    wanted_.resize(labels.size(), true);
    has_part_.resize(labels.size(), false);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto& texts = labels[i];
      const auto is = [](const std::string& asked, const std::string& text) {
        return asked.empty() || asked == text;
      };
      wanted_[i] = is(selector.server, texts.server) && is(selector.route, texts.route) &&
                   is(selector.origin, texts.origin);
      has_part_[i] = contains(texts.server, selector.part) || contains(texts.route, selector.part) ||
                     contains(texts.origin, selector.part);
    }
  }

  bool operator()(const Candidate& one) const {
    // A label that came since is looked up with the next reading.
    if (one.label >= wanted_.size() || !wanted_[one.label]) return false;
    if (selector_.id && *selector_.id != one.id) return false;
    if (selector_.resource && *selector_.resource + 1 != one.resource) return false;
    if (selector_.permits != nullptr && !selector_.permits->contains(one.permit)) return false;
    if (selector_.began_until_us && one.began > *selector_.began_until_us) return false;
    if (selector_.untold && rows(layout_)[one.row].command.load() >> 32U == one.sequence) return false;
    if (!selector_.client.empty() && one.client.text() != selector_.client) return false;
    if (!selector_.user.empty() && user_of(layout_, one) != selector_.user) return false;
    return selector_.part.empty() || has_part_[one.label] || contains(one.client.text(), selector_.part) ||
           contains(user_of(layout_, one), selector_.part);
  }

 private:
  const Layout& layout_;
  const Selector& selector_;
  std::vector<bool> wanted_;    // by label
  std::vector<bool> has_part_;  // by label
};

// The position of a row in an order: numbers, or a text.
struct Key {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::string text;
  std::uint32_t candidate = 0;
  friend bool operator<(const Key& left, const Key& right) noexcept {
    if (left.high != right.high) return left.high < right.high;
    if (left.low != right.low) return left.low < right.low;
    if (const auto order = left.text.compare(right.text); order != 0) return order < 0;
    return left.candidate < right.candidate;
  }
};

std::uint64_t sum(const Counter (&counters)[2]) noexcept {
  return counters[0].load(std::memory_order_relaxed) + counters[1].load(std::memory_order_relaxed);
}

std::uint64_t big_endian(const std::uint8_t* bytes) noexcept {
  return std::accumulate(bytes, bytes + 8, std::uint64_t{0},
                         [](std::uint64_t value, std::uint8_t byte) { return value << 8U | byte; });
}

class RowOrder {
 public:
  RowOrder(const Layout& layout, SortBy by) : layout_(layout), by_(by) {
    if (by != SortBy::route && by != SortBy::origin) return;
    std::vector<std::pair<std::string, std::size_t>> texts;
    const auto labels = all_labels(layout);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto& texts_of = labels[i];
      texts.emplace_back(by == SortBy::route ? texts_of.route + '\n' + texts_of.server : texts_of.origin, i);
    }
    ranks_.resize(texts.size());
    std::sort(texts.begin(), texts.end());
    for (std::size_t i = 0, rank = 0; i < texts.size(); ++i) {
      if (i != 0 && texts[i].first != texts[i - 1].first) ++rank;
      ranks_[texts[i].second] = rank;
    }
  }

  // What comes first for age and idle began, or was active, last.
  Key key(const Candidate& one) const {
    const auto& row = rows(layout_)[one.row];
    Key key;
    switch (by_) {
      case SortBy::row: break;
      case SortBy::age: key.high = ~static_cast<std::uint64_t>(one.began); break;
      case SortBy::idle:
        key.high = ~(static_cast<std::uint64_t>(one.began) +
                     row.active.load(std::memory_order_relaxed) * std::uint64_t{1'000'000});
        break;
      case SortBy::bytes: key.high = sum(row.bytes); break;
      case SortBy::messages: key.high = sum(row.messages); break;
      case SortBy::rtt: key.high = row.rtt[0].load(std::memory_order_relaxed); break;
      case SortBy::client:
        key.high = big_endian(one.client.bytes.data());
        key.low = big_endian(one.client.bytes.data() + 8);
        break;
      case SortBy::user: key.text = user_of(layout_, one); break;
      case SortBy::route:
      case SortBy::origin: key.high = one.label < ranks_.size() ? ranks_[one.label] : ranks_.size(); break;
      case SortBy::state:
        key.high = one.traits & unsigned{trait::kSlowClient | trait::kSlowOrigin | trait::kEnding};
        break;
    }
    return key;
  }

 private:
  const Layout& layout_;
  const SortBy by_;
  std::vector<std::size_t> ranks_;  // by label
};

// Those of all candidates that come first: as many as a page and the pages before it have.
class Best {
 public:
  Best(const Layout& layout, const Query& query)
      : order_(layout, query.sort),
        descending_(query.descending),
        first_(query.first),
        most_(query.count <= SIZE_MAX - query.first ? query.first + query.count : SIZE_MAX) {}

  void offer(const Candidate& one) {
    Place place{.key = order_.key(one), .one = one};
    place.key.candidate = offered_++;
    const auto before = [this](const Place& left, const Place& right) { return comes_before(left, right); };
    if (heap_.size() == most_) {
      if (!before(place, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), before);
      heap_.back() = std::move(place);
    } else {
      heap_.push_back(std::move(place));
    }
    std::push_heap(heap_.begin(), heap_.end(), before);
  }
  // Those of the page, in order. Once.
  template <class Visit>
  void each(Visit&& visit) {
    std::sort_heap(heap_.begin(), heap_.end(),
                   [this](const Place& left, const Place& right) { return comes_before(left, right); });
    for (auto i = first_; i < heap_.size(); ++i) visit(heap_[i].one);
  }

 private:
  struct Place {
    Key key;
    Candidate one;
  };

  bool comes_before(const Place& left, const Place& right) const noexcept {
    return descending_ ? right.key < left.key : left.key < right.key;
  }

  const RowOrder order_;
  const bool descending_;
  const std::size_t first_;
  const std::size_t most_;
  std::uint32_t offered_ = 0;
  std::vector<Place> heap_;  // the last of them on top
};

TunnelView view_of(const Layout& layout, const Candidate& one) {
  const auto& row = rows(layout)[one.row];
  const auto& slot = slots(layout)[one.slot];
  TunnelView result{};
  result.id = one.id;
  result.pid = Owner{slot.owner.load()}.pid();
  result.kind = static_cast<ProcessKind>(slot.kind.load());
  result.generation = slot.generation.load();
  result.started_us = one.started;
  result.began_us = one.began;
  result.client = one.client.text();
  auto texts = label(layout, one.label);
  result.server = std::move(texts.server);
  result.route = std::move(texts.route);
  result.origin = std::move(texts.origin);
  result.user = user_of(layout, one);
  result.permit = one.permit;
  result.traits = one.traits;
  result.active = row.active.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < 2; ++i) {
    result.bytes[i] = row.bytes[i].load(std::memory_order_acquire);
    result.messages[i] = row.messages[i].load(std::memory_order_acquire);
    if (const auto rtt = row.rtt[i].load(std::memory_order_acquire); rtt != 0) result.rtt_ms[i] = rtt - 1U;
  }
  return result;
}

// The second half of a reading: nothing if the row is another tunnel's by now.
std::optional<TunnelView> view(const Layout& layout, const Candidate& one) {
  auto result = view_of(layout, one);
  const auto& row = rows(layout)[one.row];
  const bool owned = page_heads(layout)[one.row / kPageRows].owner.load() == one.slot + 1 && result.pid != 0;
  const bool same = row.id.load() == one.id && row.sequence.load() == one.sequence;
  return owned && same ? std::optional(std::move(result)) : std::nullopt;
}

// Sets the command of the row if it is still that of this tunnel.
bool set_command(TunnelRow& row, const Candidate& one, Command action, std::uint16_t code) noexcept {
  for (auto current = row.command.load();;) {
    if (row.id.load() != one.id || row.sequence.load() != one.sequence) return false;
    if (row.command.compare_exchange_strong(current, command_word(one.sequence, action, code))) return true;
  }
}

}  // namespace

Page tunnels(const Layout& layout, const Query& query) {
  Page page;
  const Match match(layout, query.selector);
  Best best(layout, query);
  std::vector<Candidate> in_row_order;
  each_row(layout, [&](std::uint32_t row, std::uint32_t slot) {
    ++page.total;
    const auto one = read(layout, row, slot);
    if (!one || !match(*one)) return false;
    ++page.matched;
    if (query.count == 0) return false;
    if (query.sort != SortBy::row) {
      best.offer(*one);
    } else if (page.matched > query.first && in_row_order.size() < query.count) {
      in_row_order.push_back(*one);
    }
    return false;
  });
  const auto add = [&](const Candidate& one) {
    if (auto shown = view(layout, one)) page.tunnels.push_back(std::move(*shown));
  };
  std::for_each(in_row_order.begin(), in_row_order.end(), add);
  if (query.sort != SortBy::row) best.each(add);
  return page;
}

std::size_t command(Layout& layout, const Selector& selector, std::size_t most, Command action,
                    std::uint16_t code) {
  std::size_t told = 0;
  if (most == 0) return told;
  const Match match(layout, selector);
  each_row(layout, [&](std::uint32_t row, std::uint32_t slot) {
    const auto one = read(layout, row, slot);
    if (!one || !match(*one) || !set_command(rows(layout)[row], *one, action, code)) return false;
    slots(layout)[slot].commands.fetch_add(1);
    return ++told == most;
  });
  return told;
}

void add_tunnels_of(const Layout& layout, std::uint32_t slot, LostTunnels& lost) {
  each_row(layout, [&](std::uint32_t row, std::uint32_t owner) {
    if (const auto one = owner == slot ? read(layout, row, slot) : std::nullopt)
      lost.push_back(view_of(layout, *one));
    return false;
  });
}

namespace {

template <std::size_t Count>
std::array<std::uint64_t, Count> copied(const Counter (&counters)[Count]) noexcept {
  std::array<std::uint64_t, Count> result{};
  std::transform(std::begin(counters), std::end(counters), result.begin(),
                 [](const Counter& counter) { return counter.load(std::memory_order_relaxed); });
  return result;
}

}  // namespace

std::vector<RouteView> routes(const Layout& layout) {
  auto labels = all_labels(layout);
  const auto end = static_cast<std::uint32_t>(labels.size());
  std::vector<std::uint64_t> active(end);
  each_row(layout, [&](std::uint32_t row, std::uint32_t) {
    const auto label = rows(layout)[row].label.load(std::memory_order_relaxed);
    if (label < end && rows(layout)[row].id.load() != 0) ++active[label];
    return false;
  });
  std::vector<RouteView> result;
  for (std::uint32_t i = 0; i < end; ++i) {
    const auto& counts = label_table(layout).counts[i];
    const auto opened = counts.opened.load();
    const auto refused_by = copied(counts.refused);
    const auto refused = std::accumulate(refused_by.begin(), refused_by.end(), std::uint64_t{0});
    auto& texts = labels[i];
    const bool drained = is_closed(layout, texts.server, texts.route);
    if (opened == 0 && refused == 0 && !drained) continue;
    const auto handshake_us = counts.handshake_us.load();
    const auto handshakes = static_cast<double>(handshake_us) / 1e6;
    result.push_back({.number = i,
                      .server = std::move(texts.server),
                      .route = std::move(texts.route),
                      .origin = std::move(texts.origin),
                      .active = active[i],
                      .opened = opened,
                      .refused = refused,
                      .handshake_mean = opened != 0 ? handshakes / static_cast<double>(opened) : 0,
                      .bytes = {counts.bytes[0].load(), counts.bytes[1].load()},
                      .messages = {counts.messages[0].load(), counts.messages[1].load()},
                      .drained = drained,
                      .handshake_us = handshake_us,
                      .refused_by = refused_by,
                      .closes = {copied(counts.closes[0]), copied(counts.closes[1])}});
  }
  std::sort(result.begin(), result.end(), [](const RouteView& left, const RouteView& right) {
    return std::tie(left.server, left.route, left.origin) < std::tie(right.server, right.route, right.origin);
  });
  return result;
}

}  // namespace wsflow::shm
