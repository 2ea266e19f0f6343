#include "mod_wsflow/tunnel/options_table.hpp"

#include <cstdint>

namespace wsflow::tunnel {

std::size_t OptionsHash::operator()(const Options& options) const noexcept {
  std::uint64_t hash = reinterpret_cast<std::uintptr_t>(options.log_context);
  const auto mix = [&](std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15;  // 2^64 / golden ratio
    hash ^= hash >> 32U;
  };
  for (const auto value : {options.idle, options.stall, options.close, options.ping_client,
                           options.ping_origin, options.ping_timeout, options.high_watermark, options.spread})
    mix(value);
  for (const auto code : options.client_codes) mix(code);
  mix(reinterpret_cast<std::uintptr_t>(options.lenders.load.busy));
  for (const auto& limit : options.messages) {
    for (const auto value : {limit.frame, limit.message, std::uint64_t{limit.rate}, limit.bytes}) mix(value);
  }
  return hash;
}

const Options& OptionsTable::intern(const Options& options) {
  const base::MutexLock lock(mutex_);
  return *known_.insert(options).first;
}

}  // namespace wsflow::tunnel
