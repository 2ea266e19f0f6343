#include "mod_wsflow/config/cluster_settings.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "mod_wsflow/config/keys.hpp"
#include "mod_wsflow/config/words.hpp"

namespace wsflow::config {

namespace {

using Text = std::string_view;

constexpr std::int64_t kMillisecond = 1000;
constexpr std::int64_t kSecond = 1'000'000;

struct Draft {
  std::optional<std::int64_t> lease;
  std::optional<std::int64_t> timeout;
};

constexpr Kind<std::int64_t> kLease{"a time from 2s to 10mi (units ms, s, mi; seconds if none)",
                                    [](Text text) { return parse_time(text, 2 * kSecond, 600 * kSecond); }};
constexpr Kind<std::int64_t> kTimeout{
    "a time from 50ms to 60s (units ms, s, mi; seconds if none)",
    [](Text text) { return parse_time(text, 50 * kMillisecond, 60 * kSecond); }};

constexpr Key<Draft> kKeys[] = {
    key<Draft, kLease, &Draft::lease>("lease"),
    key<Draft, kTimeout, &Draft::timeout>("timeout"),
};

}  // namespace

base::Parsed<ClusterSettings> parse_cluster(Text arguments) {
  ClusterSettings settings;
  skip_spaces(arguments);
  if (!take_word(arguments, settings.url) || settings.url.empty())
    return base::Wrong{"needs an address: redis://host, unix:///path or rediss://host"};
  Draft draft;
  for (std::string word; skip_spaces(arguments);) {
    if (!take_word(arguments, word)) return base::Wrong{"a quote has no end, or something follows it"};
    const auto name = Text(word).substr(0, word.find('='));
    const auto* found = std::ranges::find(kKeys, name, &Key<Draft>::name);
    if (found == std::end(kKeys) || name.size() == word.size())
      return base::Wrong{word + ": unknown; expected lease=TIME or timeout=TIME"};
    if (auto wrong = take_word_of(draft, *found, name, word); !wrong.empty())
      return base::Wrong{std::move(wrong)};
  }
  settings.lease = draft.lease.value_or(settings.lease);
  settings.timeout = draft.timeout.value_or(std::min(settings.timeout, settings.lease / 4));
  // An answer that takes longer than a quarter of the lease is not believed (cluster/round.hpp).
  if (4 * settings.timeout > settings.lease)
    return base::Wrong{"timeout= must be a quarter of lease= at most"};
  return settings;
}

}  // namespace wsflow::config
