#include "mod_wsflow/cluster/shared_tunnels.hpp"

#include <charconv>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/shm/resources.hpp"
#include "mod_wsflow/shm/turn.hpp"

namespace wsflow::cluster {

namespace {

constexpr base::Millis kInterval{1000};
// What is not heard of for so long counts no more.
constexpr base::Millis kWorth{5000};

// Writes down what a node has, and answers with the sums of the others. KEYS[1]: the nodes, by the time at
// which they are forgotten; behind it, with the node's name, its numbers by member. ARGV: node, milliseconds,
// then the name and the number of each member.
constexpr const char* kScript = R"lua(
local nodes, own, worth = KEYS[1], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', nodes, now + worth, own)
redis.call('PEXPIRE', nodes, worth)
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', '(' .. now)
local mine = nodes .. ':' .. own
redis.call('DEL', mine)
local names, sums = {}, {}
for i = 3, #ARGV, 2 do
  redis.call('HSET', mine, ARGV[i], ARGV[i + 1])
  names[#names + 1], sums[#sums + 1] = ARGV[i], 0
end
redis.call('PEXPIRE', mine, worth)
for _, other in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
  if other ~= own then
    for i, count in ipairs(redis.call('HMGET', nodes .. ':' .. other, unpack(names))) do
      sums[i] = sums[i] + (tonumber(count) or 0)
    end
  end
end
return sums
)lua";
constexpr const char* kKey = "wsflow:{tunnels}";

std::uint32_t number(const std::string& text) noexcept {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

bool SharedTunnels::exchange() {
  std::vector<std::string> words{kKey, node_, std::to_string(kWorth.count())};
  for (const auto& member : members_) {
    words.push_back(member.name);
    words.push_back(std::to_string(shm::held(layout_, member.resource)));
  }
  std::vector<std::string> sums;
  int result = connection_.script(kScript, 1, words, sums);
  if (result < 0 && connection_.was_kept()) result = connection_.script(kScript, 1, words, sums);
  if (result != 0 || sums.size() != members_.size()) return false;
  const auto until = (base::now() + kWorth).time_since_epoch().count();
  for (std::size_t i = 0; i < sums.size(); ++i)
    shm::set_elsewhere(layout_, members_[i].resource, number(sums[i]), until);
  return true;
}

void SharedTunnels::turn() {
  if (!shm::take_turn(layout_.next_share_ms, kInterval)) return;
  const bool answered = exchange();
  if (answered == !away_) return;
  away_ = !answered;
  if (!away_) {
    log_.write(base::LogLevel::info, 407, 0, "the tunnels of other nodes are known again", nullptr);
    return;
  }
  base::Text<400> text;
  text << "the tunnels of other nodes are not known, so lbmethod=wsflow counts those of this one alone: "
       << connection_.error();
  log_.write(base::LogLevel::warning, 406, 0, text.view(), nullptr);
}

}  // namespace wsflow::cluster
