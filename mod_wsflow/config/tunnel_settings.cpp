#include "mod_wsflow/config/tunnel_settings.hpp"

#include <iterator>

namespace wsflow::config {

namespace {

constexpr std::int64_t MessageSettings::*kMessageFields[] = {
    &MessageSettings::frame, &MessageSettings::message, &MessageSettings::rate,
    &MessageSettings::bytes, &MessageSettings::close,
};
static_assert(sizeof(MessageSettings) == std::size(kMessageFields) * sizeof(std::int64_t), "one is missing");

constexpr std::int64_t TunnelSettings::*kFields[] = {
    &TunnelSettings::connect,      &TunnelSettings::handshake,   &TunnelSettings::idle,
    &TunnelSettings::stall,        &TunnelSettings::close,       &TunnelSettings::lifetime,
    &TunnelSettings::jitter,       &TunnelSettings::ping_client, &TunnelSettings::ping_origin,
    &TunnelSettings::ping_timeout, &TunnelSettings::buffer,      &TunnelSettings::receive_buffer,
    &TunnelSettings::send_buffer,  &TunnelSettings::strict,
};
static_assert(sizeof(TunnelSettings) ==
                  std::size(kFields) * sizeof(std::int64_t) + 2 * sizeof(MessageSettings),
              "one is missing");

template <class T, std::size_t N>
T fill(const T& first, const T& second, std::int64_t T::*const (&fields)[N]) noexcept {
  T result = first;
  for (const auto field : fields) {
    if (result.*field == kUnset) result.*field = second.*field;
  }
  return result;
}

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

MessageSettings overlay(const MessageSettings& first, const MessageSettings& second) noexcept {
  return fill(first, second, kMessageFields);
}

TunnelSettings overlay(const TunnelSettings& first, const TunnelSettings& second) noexcept {
  auto result = fill(first, second, kFields);
  for (std::size_t i = 0; i < result.messages.size(); ++i) {
    result.messages[i] = overlay(first.messages[i], second.messages[i]);
  }
  return result;
}

tunnel::Options make_options(const TunnelSettings& settings, const void* log_context) noexcept {
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

}  // namespace wsflow::config
