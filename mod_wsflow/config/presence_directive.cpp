#include "mod_wsflow/config/presence_directive.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>

#include "mod_wsflow/config/keys.hpp"
#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/config/words.hpp"

namespace wsflow::config {

namespace {

using Text = std::string_view;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::size_t kLongestName = 40;
constexpr std::size_t kLongestStream = 128;

bool is_name_of(Text word, Text marks, std::size_t longest) noexcept {
  const auto legal = [marks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != Text::npos;
  };
  return !word.empty() && word.size() <= longest && std::ranges::all_of(word, legal);
}

constexpr Kind<std::string> kName{
    "letters, digits, \"-\", \"_\" and \".\", 40 at most", [](Text text) {
      return is_name_of(text, "-_.", kLongestName) ? std::optional<std::string>(text) : std::nullopt;
    }};
constexpr Kind<std::string> kExpression{
    "an expression that gives a text, for example %{REMOTE_USER}",
    [](Text text) { return text.empty() ? std::nullopt : std::optional<std::string>(text); }};
constexpr Kind<std::int64_t> kGrace{"a time from 0 to 1h (units ms, s, mi, h; seconds if none)",
                                    [](Text text) { return parse_time(text, 0, kHour); }};
constexpr Kind<std::int64_t> kLease{"a time from 3s to 1h (units s, mi, h; seconds if none)",
                                    [](Text text) { return parse_time(text, 3 * kSecond, kHour); }};
constexpr Kind<int> kQueue{"a number from 1000 to 10000000",
                           [](Text text) { return parse_number(text, 1000, 10'000'000); }};

struct PresenceDraft {
  std::optional<std::string> key;
  std::optional<std::string> name;
  std::optional<std::int64_t> grace;
  std::optional<bool> by_route;
};
constexpr Key<PresenceDraft> kPresenceKeys[] = {
    key<PresenceDraft, kExpression, &PresenceDraft::key>("key"),
    key<PresenceDraft, kName, &PresenceDraft::name>("name"),
    key<PresenceDraft, kGrace, &PresenceDraft::grace>("grace"),
    key<PresenceDraft, kOnOff, &PresenceDraft::by_route>("by-route"),
};

struct StoreDraft {
  std::optional<std::int64_t> lease;
  std::optional<int> queue;
};
constexpr Key<StoreDraft> kStoreKeys[] = {
    key<StoreDraft, kLease, &StoreDraft::lease>("lease"),
    key<StoreDraft, kQueue, &StoreDraft::queue>("queue"),
};

constexpr Text kStreamMark = "stream:";
constexpr Kind<int> kMaxlen{"a number from 1000 to 100000000",
                            [](Text text) { return parse_number(text, 1000, 100'000'000); }};
struct EventsDraft {
  std::optional<int> maxlen;
};
constexpr Key<EventsDraft> kEventsKeys[] = {
    key<EventsDraft, kMaxlen, &EventsDraft::maxlen>("maxlen"),
};

// What is wrong with a word; empty: nothing.
template <class Draft>
std::string take(Draft& draft, std::span<const Key<Draft>> keys, const std::string& word) {
  const auto equals = word.find('=');
  const auto name = Text(word).substr(0, equals);
  const auto found = std::ranges::find(keys, name, &Key<Draft>::name);
  if (equals != std::string::npos && found != keys.end()) return take_word_of(draft, *found, name, word);
  std::string wrong = word + ": unknown; expected ";
  for (const auto& key : keys) {
    if (&key != keys.data()) wrong += &key == &keys.back() ? " or " : ", ";
    wrong.append(key.name).append("=");
  }
  return wrong;
}

// Takes the words that are left. What is wrong with them; empty: nothing.
template <class Draft>
std::string take_all(Draft& draft, std::span<const Key<Draft>> keys, Text& left) {
  std::string word;
  std::string wrong;
  while (wrong.empty() && skip_spaces(left)) {
    wrong = take_word(left, word) ? take(draft, keys, word) : word + ": a quote without an end";
  }
  return wrong;
}

}  // namespace

bool is_node_name(std::string_view name) noexcept {
  return is_name_of(name, "-_.:", kLongestNode);
}

base::Parsed<PresenceDirective> parse_presence(std::string_view arguments) {
  auto left = arguments;
  std::string word;
  if (skip_spaces(left) && take_word(left, word) && word == "off") {
    if (skip_spaces(left)) return base::Wrong{"off: stands alone"};
    PresenceDirective off;
    off.off = true;
    return off;
  }
  PresenceDraft draft;
  left = arguments;
  auto wrong = take_all<PresenceDraft>(draft, kPresenceKeys, left);
  if (wrong.empty() && !draft.key) {
    wrong.append(arguments).append(": needs key=");
    wrong.append(kExpression.legal).append(", or off");
  }
  if (!wrong.empty()) return base::Wrong{wrong};
  return PresenceDirective{.off = false,
                           .key = *draft.key,
                           .name = draft.name.value_or("online"),
                           .grace = draft.grace.value_or(10 * kSecond),
                           .by_route = draft.by_route.value_or(false)};
}

base::Parsed<PresenceEventsDirective> parse_presence_events(std::string_view arguments) {
  PresenceEventsDirective events;
  auto left = arguments;
  std::string word;
  if (!skip_spaces(left) || !take_word(left, word) || word.empty())
    return base::Wrong{"needs a file, a \"|program\" or stream:name"};
  if (!Text(word).starts_with(kStreamMark)) {
    events.target = word;
    if (skip_spaces(left)) return base::Wrong{word + ": stands alone; maxlen= goes with stream:name"};
    return events;
  }
  events.stream = word.substr(kStreamMark.size());
  if (!is_name_of(events.stream, "-_.:{}", kLongestStream))
    return base::Wrong{word + ": needs a name of letters, digits and -_.:{}, 128 at most"};
  EventsDraft draft;
  if (const auto wrong = take_all<EventsDraft>(draft, kEventsKeys, left); !wrong.empty())
    return base::Wrong{wrong};
  events.maxlen = static_cast<std::uint32_t>(draft.maxlen.value_or(100'000));
  return events;
}

base::Parsed<PresenceStoreDirective> parse_presence_store(std::string_view arguments) {
  PresenceStoreDirective store;
  auto left = arguments;
  for (auto* word : {&store.driver, &store.parameters}) {
    if (!skip_spaces(left) || !take_word(left, *word) || word->empty()) {
      return base::Wrong{
          "needs a driver (sqlite3 or pgsql) and its parameters, in quotes where they have spaces"};
    }
  }
  StoreDraft draft;
  if (const auto wrong = take_all<StoreDraft>(draft, kStoreKeys, left); !wrong.empty())
    return base::Wrong{wrong};
  store.lease = draft.lease.value_or(30 * kSecond);
  store.queue = static_cast<std::uint32_t>(draft.queue.value_or(100'000));
  return store;
}

}  // namespace wsflow::config
