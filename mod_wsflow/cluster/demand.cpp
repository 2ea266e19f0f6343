#include "mod_wsflow/cluster/demand.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

namespace wsflow::cluster {

namespace {

using limits::LimitReason;
using limits::LimitRecord;

// Fewer than these say nothing of the present.
constexpr double kAny = 0.05;
// Refusals count for about so long, in seconds.
constexpr double kRefusals = 2;
// A node asks for so much more of the rate than what comes.
constexpr double kAhead = 1.25;

bool is_configured(const LimitRecord& limit) noexcept {
  return limit.used == LimitRecord::kConfigured;
}

// How long a unit takes to refill, in seconds, within reason: over that time arrivals are counted.
double memory_of(const LimitRecord& limit) noexcept {
  return limit.now.rate > 0 ? std::clamp(limit.now.burst / limit.now.rate, 1.0, 60.0) : 1.0;
}

std::uint64_t refusals(const LimitRecord& limit) noexcept {
  std::uint64_t sum = 0;
  for (const auto reason : {LimitReason::concurrency, LimitReason::rate, LimitReason::queue_full,
                            LimitReason::timeout, LimitReason::no_share})
    sum += limit.refused[static_cast<std::size_t>(reason)];
  return sum;
}

}  // namespace

void count_demand(LimitRecord& limit, limits::Micros boot) noexcept {
  auto& share = limit.share;
  const auto passed = limits::seconds(std::max<limits::Micros>(boot - std::exchange(share.counted, boot), 0));
  const auto refused = refusals(limit);
  const auto arrivals =
      static_cast<double>(limit.arrivals - std::exchange(share.counted_arrivals, limit.arrivals));
  const auto refusals = static_cast<double>(refused - std::exchange(share.counted_refusals, refused));
  share.recent_arrivals = share.recent_arrivals * std::exp(-passed / memory_of(limit)) + arrivals;
  share.recent_refusals = share.recent_refusals * std::exp(-passed / kRefusals) + refusals;
}

Wish permits_wish(const LimitRecord& limit, std::uint32_t share) noexcept {
  Pool pool{.size = limit.now.concurrency, .share = share, .held = limit.in_use};
  if (!is_configured(limit)) return {.need = 0, .want = std::min(share, limit.in_use), .urgent = false};
  const auto& told = limit.share;
  if (told.nodes != 0 && told.limit != 0) pool.size = std::min(pool.size, told.limit);
  pool.demand = limit.in_use + limit.waiting;
  if (told.recent_refusals > kAnyRefusal) pool.demand += told.recent_refusals;
  pool.lacking = told.permits_lacking;
  pool.nodes = std::max(told.nodes, 1U);
  pool.spare = spare_permits(pool.size);
  return wish_for(pool);
}

Wish units_wish(const LimitRecord& limit, std::uint32_t share) noexcept {
  if (!is_configured(limit) || limit.now.rate <= 0) return {};
  const auto& told = limit.share;
  Pool pool{.size = limit.now.burst, .share = share};
  if (told.nodes != 0 && told.burst != 0) pool.size = std::min(pool.size, told.burst);
  const auto unit_rate = limit.now.rate / limit.now.burst;
  const auto arrivals = told.recent_arrivals / memory_of(limit);
  if (told.recent_arrivals > kAny) pool.demand = arrivals * kAhead / unit_rate;
  if (limit.waiting != 0) pool.demand = std::max(pool.demand, 1.0);
  pool.lacking = told.units_lacking;
  pool.nodes = std::max(told.nodes, 1U);
  pool.spare = spare_units(pool.size, pool.nodes);
  return wish_for(pool);
}

}  // namespace wsflow::cluster
