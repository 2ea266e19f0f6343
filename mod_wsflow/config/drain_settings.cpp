#include "mod_wsflow/config/drain_settings.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "mod_wsflow/config/keys.hpp"

namespace wsflow::config {

namespace {

using Drain = PartialDrainSettings;
using Text = std::string_view;

std::optional<std::int64_t> parse_drain_time(Text text) noexcept {
  constexpr std::int64_t kYear = std::int64_t{365} * 24 * 3600 * 1'000'000;
  return parse_time(text, 0, kYear);
}
constexpr Kind<std::int64_t> kDeadline{"0 (none) or a time to 8760h (units ms, s, mi, h; seconds if none)",
                                       parse_drain_time};
constexpr Kind<std::int64_t> kWindow{
    "0 (all at once) or a time to 8760h (units ms, s, mi, h; seconds if none)", parse_drain_time};

constexpr Kind<int> kCode{"a Close code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999",
                          parse_close_code};

constexpr Kind<int> kWorkerDown{"keep, or close:N/s with a number from 1 to 100000", [](Text text) {
                                  constexpr Text kClose = "close:";
                                  constexpr Text kSecond = "/s";
                                  std::optional<int> rate;
                                  if (text == "keep") rate = 0;
                                  if (!text.starts_with(kClose) || !text.ends_with(kSecond)) return rate;
                                  text.remove_prefix(kClose.size());
                                  text.remove_suffix(kSecond.size());
                                  return parse_number(text, 1, 100'000);
                                }};

constexpr Key<Drain> kKeys[] = {
    key<Drain, kDeadline, &Drain::deadline>("deadline"),
    key<Drain, kWindow, &Drain::window>("window"),
    key<Drain, kCode, &Drain::code>("code"),
    key<Drain, kWorkerDown, &Drain::worker_down>("on-worker-down"),
};

}  // namespace

base::Parsed<PartialDrainSettings> parse_drain(Text word) {
  Drain drain;
  const auto name = word.substr(0, word.find('='));
  const auto* found = std::ranges::find(kKeys, name, &Key<Drain>::name);
  if (found == std::end(kKeys)) {
    return base::Wrong{
        std::string(word) +
        ": unknown; expected deadline=TIME, window=TIME, code=NUMBER or on-worker-down=keep|close:N/s"};
  }
  if (auto wrong = take_word_of(drain, *found, name, word); !wrong.empty())
    return base::Wrong{std::move(wrong)};
  return drain;
}

}  // namespace wsflow::config
