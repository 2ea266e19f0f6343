#include "mod_wsflow/httpd/config/drain_keys.hpp"

#include <string_view>

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::httpd {

namespace {

// A key whose value is a time from `least` to `most` microseconds.
struct TimeKey {
  std::string_view name;
  apr_interval_time_t DrainSettings::*value;
  apr_interval_time_t least;
  apr_interval_time_t most;
  const char* legal;
};

constexpr apr_interval_time_t kYear = apr_time_from_sec(apr_time_t{365} * 24 * 3600);
constexpr TimeKey kTimeKeys[] = {
    {"deadline", &DrainSettings::deadline, 0, kYear,
     "0 (none) or a time to 8760h (units ms, s, mi, h; seconds if none)"},
    {"window", &DrainSettings::window, 0, kYear,
     "0 (all at once) or a time to 8760h (units ms, s, mi, h; seconds if none)"},
};

// "key=value" in its two parts; an empty value if there is none.
struct Word {
  explicit Word(const char* text) noexcept : whole(text), key(text) {
    const auto equals = key.find('=');
    value = equals == std::string_view::npos ? "" : text + equals + 1;
    key = key.substr(0, equals);
  }
  const char* whole;
  std::string_view key;
  const char* value;
};

KeyParse wrong(apr_pool_t* pool, const Word& word, const char* legal) noexcept {
  return {.known = true,
          .error = apr_psprintf(pool, "%s: %.*s= needs %s", word.whole, static_cast<int>(word.key.size()),
                                word.key.data(), legal)};
}

KeyParse parse_time_key(apr_pool_t* pool, const Word& word, DrainSettings& drain) noexcept {
  for (const auto& key : kTimeKeys) {
    if (word.key != key.name) continue;
    std::int64_t value = 0;
    if (!config::parse_time(word.value, key.least, key.most, value)) return wrong(pool, word, key.legal);
    drain.*key.value = value;
    return {.known = true};
  }
  return {};
}

// keep, or close:N/s.
bool parse_pace(std::string_view text, int& pace) noexcept {
  constexpr std::string_view kClose = "close:";
  constexpr std::string_view kSecond = "/s";
  if (text == "keep") {
    pace = 0;
    return true;
  }
  if (!text.starts_with(kClose) || !text.ends_with(kSecond)) return false;
  text.remove_prefix(kClose.size());
  text.remove_suffix(kSecond.size());
  return config::parse_number(text, 1, 100'000, pace);
}

}  // namespace

KeyParse parse_drain_key(apr_pool_t* pool, const char* text, DrainSettings& drain) noexcept {
  const Word word(text);
  if (word.key == "on-worker-down") {
    if (!parse_pace(word.value, drain.worker_down)) {
      return wrong(pool, word, "keep, or close:N/s with a number from 1 to 100000");
    }
    return {.known = true};
  }
  if (word.key != "code") return parse_time_key(pool, word, drain);
  int code = 0;
  if (!config::parse_number(word.value, 1000, 4999, code) ||
      !ws::may_appear_on_wire(static_cast<std::uint16_t>(code))) {
    return wrong(pool, word, "a Close code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999");
  }
  drain.code = code;
  return {.known = true};
}

}  // namespace wsflow::httpd
