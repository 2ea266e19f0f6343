#include "mod_wsflow/tunnel/options_table.hpp"

#include <cstdint>

namespace wsflow::tunnel {

std::size_t TermsHash::operator()(const Terms& terms) const noexcept {
  std::uint64_t hash = reinterpret_cast<std::uintptr_t>(terms.log_context);
  const auto mix = [&](std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15;  // 2^64 by the golden ratio
    hash ^= hash >> 32U;
  };
  for (const auto value : {terms.idle, terms.stall, terms.close, terms.ping_client, terms.ping_origin,
                           terms.ping_timeout, terms.high_watermark})
    mix(value);
  for (const auto& limit : terms.messages) {
    for (const auto value : {limit.frame, limit.message, std::uint64_t{limit.rate}, limit.bytes}) mix(value);
  }
  return hash;
}

const Terms& TermsTable::intern(const Terms& terms) {
  const std::lock_guard lock(mutex_);
  return *known_.insert(terms).first;
}

}  // namespace wsflow::tunnel
