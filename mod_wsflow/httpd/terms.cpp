#include "mod_wsflow/httpd/terms.hpp"

#include <cstdint>

namespace wsflow::httpd {

namespace {

std::uint32_t millis(std::int64_t micros) noexcept {
  return static_cast<std::uint32_t>(micros / 1000);
}

tunnel::MessageLimit message_limit(const MessageSettings& settings) noexcept {
  return {.frame = static_cast<std::uint64_t>(settings.frame),
          .message = static_cast<std::uint64_t>(settings.message),
          .rate = static_cast<std::uint32_t>(settings.rate),
          .bytes = static_cast<std::uint64_t>(settings.bytes),
          // Without a pace nothing is too fast.
          .close = settings.close == 1 && (settings.rate != 0 || settings.bytes != 0)};
}

}  // namespace

tunnel::Terms make_terms(const Settings& settings, const void* log_context) noexcept {
  return {.idle = millis(settings.idle),
          .stall = millis(settings.stall),
          .close = millis(settings.close),
          .ping_client = millis(settings.ping_client),
          .ping_origin = millis(settings.ping_origin),
          .ping_timeout = millis(settings.ping_timeout),
          .high_watermark = static_cast<std::uint32_t>(settings.buffer),
          .messages = {message_limit(settings.messages[0]), message_limit(settings.messages[1])},
          .strict = settings.strict == 1,
          .log_context = log_context};
}

std::size_t TermsHash::operator()(const tunnel::Terms& terms) const noexcept {
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

const tunnel::Terms& TermsTable::intern(const tunnel::Terms& terms) {
  const std::lock_guard lock(mutex_);
  return *known_.insert(terms).first;
}

}  // namespace wsflow::httpd
