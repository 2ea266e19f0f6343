#include "mod_wsflow/httpd/settings.hpp"

#include <iterator>

namespace wsflow::httpd {

namespace {

constexpr std::int64_t MessageSettings::*kMessageFields[] = {
    &MessageSettings::frame, &MessageSettings::message, &MessageSettings::rate,
    &MessageSettings::bytes, &MessageSettings::close,
};
static_assert(sizeof(MessageSettings) == std::size(kMessageFields) * sizeof(std::int64_t), "one is missing");

constexpr std::int64_t Settings::*kFields[] = {
    &Settings::connect,     &Settings::handshake,    &Settings::idle,   &Settings::stall,
    &Settings::close,       &Settings::lifetime,     &Settings::jitter, &Settings::ping_client,
    &Settings::ping_origin, &Settings::ping_timeout, &Settings::buffer, &Settings::receive_buffer,
    &Settings::send_buffer, &Settings::strict,
};
static_assert(sizeof(Settings) == std::size(kFields) * sizeof(std::int64_t) + 2 * sizeof(MessageSettings),
              "one is missing");

template <class T, std::size_t N>
T fill(const T& first, const T& second, std::int64_t T::*const (&fields)[N]) noexcept {
  T result = first;
  for (const auto field : fields) {
    if (result.*field == kUnset) result.*field = second.*field;
  }
  return result;
}

}  // namespace

MessageSettings overlay(const MessageSettings& first, const MessageSettings& second) noexcept {
  return fill(first, second, kMessageFields);
}

Settings overlay(const Settings& first, const Settings& second) noexcept {
  auto result = fill(first, second, kFields);
  for (std::size_t i = 0; i < result.messages.size(); ++i) {
    result.messages[i] = overlay(first.messages[i], second.messages[i]);
  }
  return result;
}

}  // namespace wsflow::httpd
