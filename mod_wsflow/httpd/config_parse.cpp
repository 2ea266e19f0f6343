#include "mod_wsflow/httpd/config_parse.hpp"

#include <charconv>
#include <string_view>

namespace wsflow::httpd {

namespace {

struct TimeoutKey {
  std::string_view name;
  apr_interval_time_t Timeouts::*value;
  apr_interval_time_t least;
  apr_interval_time_t most;
  const char* legal;
};

constexpr TimeoutKey kTimeoutKeys[] = {
    {"handshake", &Timeouts::handshake, apr_time_from_msec(10), apr_time_from_sec(3600),
     "a time from 10ms to 1h (units ms, s, mi, h; seconds if none)"},
    {"close", &Timeouts::close, apr_time_from_msec(10), apr_time_from_sec(3600),
     "a time from 10ms to 1h (units ms, s, mi, h; seconds if none)"},
};

}  // namespace

KeyParse parse_timeout_key(apr_pool_t* pool, const char* word, Timeouts& timeouts) noexcept {
  const std::string_view text(word);
  const auto equals = text.find('=');
  for (const auto& key : kTimeoutKeys) {
    if (text.substr(0, equals) != key.name) continue;
    apr_interval_time_t value = 0;
    const char* given = equals == std::string_view::npos ? "" : word + equals + 1;
    if (*given < '0' || *given > '9' || ap_timeout_parameter_parse(given, &value, "s") != APR_SUCCESS ||
        value < key.least || value > key.most) {
      return {.known = true,
              .error = apr_psprintf(pool, "%s: %s= needs %s", word, key.name.data(), key.legal)};
    }
    timeouts.*key.value = value;
    return {.known = true};
  }
  return {};
}

bool parse_number(const char* text, int least, int most, int& number) noexcept {
  const std::string_view view(text);
  int value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc{} || end != view.data() + view.size() || value < least || value > most) return false;
  number = value;
  return true;
}

}  // namespace wsflow::httpd
