#include "mod_wsflow/httpd/terms.hpp"

#include <algorithm>

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

const tunnel::Terms& TermsTable::intern(const tunnel::Terms& terms) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(known_, terms);
  return found != known_.end() ? *found : known_.emplace_front(terms);
}

}  // namespace wsflow::httpd
