#include "mod_wsflow/cluster/node.hpp"

#include <algorithm>
#include <vector>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/cluster/key_script.hpp"
#include "mod_wsflow/cluster/key_wire.hpp"
#include "mod_wsflow/cluster/script.hpp"
#include "mod_wsflow/cluster/wire.hpp"

namespace wsflow::cluster {

namespace {

using base::LogLevel;

// The one that speaks with the database looks at the demand so often; another one looks whether it has to
// take over.
constexpr Micros kLook = 100'000;
constexpr Micros kStandBy = 500'000;
constexpr Micros kFirstBackOff = 100'000;
constexpr const char* kNoAnswer = "an answer that is none of the script";
constexpr const char* kTooLate = "the answer came too late";

}  // namespace

Micros Node::turn() {
  const auto boot = limits::boot_time();
  // Each key that is needed wakes this thread.
  if (boot - looked_ < kKeyPause) return looked_ + kKeyPause - boot;
  looked_ = boot;
  const bool may_ask = boot >= retry_;
  switch (begin(access_, slot_, settings_, may_ask, boot, request_)) {
    case Turn::stand_by: connection_.close(); return kStandBy;
    case Turn::wait: break;
    case Turn::ask: back_off(ask()); break;
  }
  const auto again = limits::boot_time();
  if (begin_keys(access_, slot_, settings_, again >= retry_, again, keys_) == Turn::ask) back_off(ask_keys());
  const auto next = std::min(next_keys(access_, settings_, limits::boot_time()), kLook);
  return retry_ == 0 ? next : kLook;
}

void Node::back_off(bool answered) noexcept {
  if (answered) {
    retry_ = back_off_ = 0;
  } else {
    const auto most = std::min(settings_.lease / 8, limits::kSecond);
    back_off_ = std::clamp(2 * back_off_, kFirstBackOff, most);
    retry_ = limits::boot_time() + back_off_;
  }
}

// Sends a request. Empty: it was answered; else why not. With `again`, a connection that was kept has failed:
// with a new one it may be answered.
std::string Node::exchange(const char* lua, std::size_t keys, std::span<const std::string> words,
                           std::vector<std::string>& elements, bool& again) {
  const int result = connection_.script(lua, keys, words, elements);
  again = result < 0 && connection_.was_kept();
  return result == 0 ? std::string() : connection_.error();
}

bool Node::ask() {
  std::vector<std::string> elements;
  std::vector<Told> told;
  News news;
  bool again = false;
  const auto words = words_of(request_, settings_);
  auto why = exchange(script(), request_.limits.size(), words, elements, again);
  if (again) return true;
  const auto boot = limits::boot_time();
  if (why.empty() && !parse_answer(elements, request_.limits.size(), told)) why = kNoAnswer;
  if (why.empty() && !finish(access_, settings_, request_, told, boot, news)) why = kTooLate;
  if (!why.empty()) fail(access_, why, boot, Subject::limits, news);
  tell(news, why);
  return why.empty();
}

bool Node::ask_keys() {
  std::vector<std::string> elements;
  KeyAnswer answer;
  News news;
  bool again = false;
  const auto words = words_of(keys_, settings_);
  auto why = exchange(key_script(), 1 + keys_.keys.size(), words, elements, again);
  if (again) return true;
  const auto boot = limits::boot_time();
  if (why.empty() && !parse_answer(elements, keys_.keys.size(), answer)) why = kNoAnswer;
  if (why.empty() && !finish_keys(access_, settings_, keys_, answer, boot, news)) why = kTooLate;
  if (!why.empty()) fail(access_, why, boot, Subject::keys, news);
  tell(news, why);
  return why.empty();
}

void Node::tell(const News& news, std::string_view error) noexcept {
  if (news.back) log_.write(LogLevel::info, 401, 0, "the database of the cluster answers again", nullptr);
  if (news.away) {
    base::Text<400> text;
    text << "the database of the cluster does not answer: " << error
         << "; this node goes on with its shares until their lease ends";
    log_.write(LogLevel::warning, 400, 0, text.view(), nullptr);
  }
  if (news.ended) {
    constexpr std::string_view kText =
        "the leases of this node's shares have ended: its limits with cluster= have their floor= alone until "
        "the database answers";
    log_.write(LogLevel::warning, 402, 0, kText, nullptr);
  }
  for (const auto index : news.differ) {
    base::Text<400> text;
    text << "a node of the cluster has other values for the limit "
         << std::string_view(request_.limits[index].cluster) << " than this one: the smallest of each counts";
    log_.write(LogLevel::warning, 403, 0, text.view(), nullptr);
  }
}

void Node::leave() noexcept {
  connection_.close();
  cluster::leave(access_, slot_);
}

}  // namespace wsflow::cluster
