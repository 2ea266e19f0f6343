#include "mod_wsflow/cluster/key_script.hpp"

#include <charconv>

#include "mod_wsflow/base/text.hpp"

namespace wsflow::cluster {

namespace {

constexpr std::string_view kPrefix = "{wsflow}:key:";
constexpr std::size_t kDigits = 16;  // of one half of a key

bool parse_half(std::string_view digits, std::uint64_t& half) noexcept {
  const auto* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, half, 16);
  return digits.size() == kDigits && result.ec == std::errc{} && result.ptr == end;
}

}  // namespace

const char* key_script() noexcept {
  return R"lua(
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- Another server, or one that has thrown something away, may have forgotten keys.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') .. '.' ..
            string.match(redis.call('INFO', 'stats'), 'evicted_keys:(%d+)')
local leases, node, sequence, lease, keep = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local recalls = '{wsflow}:recall:'
-- What a node has said less than so many milliseconds ago is what it needs now.
local young = 1000

local function whole(number) return string.format('%.0f', number) end
-- Never more than it is.
local function part(number) return string.format('%.6f', math.floor(number * 1e6) / 1e6) end
local function numbers(text)
  local v = {}
  for word in string.gmatch(text, '%S+') do v[#v + 1] = tonumber(word) end
  return v
end

-- The nodes whose leases have not ended.
local nodes, count, longest, made, known = {}, 1, lease
local all = redis.call('HGETALL', leases)
for i = 1, #all, 2 do
  local name, value = all[i], all[i + 1]
  if name == 'made' then
    made = tonumber(value)
  elseif name == 'run' then
    known = value
  else
    local v = numbers(value)
    -- The clock was set back: no lease is longer than itself.
    local ends = math.min(v[1], now + v[2])
    if ends <= now then
      redis.call('HDEL', leases, name)
    else
      if ends < v[1] then
        redis.call('HSET', leases, name, table.concat({whole(ends), whole(v[2]), whole(v[3]), whole(v[4])}, ' '))
      end
      nodes[name] = {lease = v[2], sequence = v[3], term = v[4]}
    end
  end
end
if nodes[node] and nodes[node].sequence >= sequence then return {'late'} end
-- It is new, or of a server that was another one: keys may be held that it does not know. All nodes begin a new term.
if not made or known ~= run or made > now then
  redis.call('DEL', leases)
  redis.call('HSET', leases, 'made', whole(now), 'run', run)
  made, nodes = now, {}
end
local term = nodes[node] and nodes[node].term or sequence
nodes[node] = {lease = lease, sequence = sequence, term = term}
redis.call('HSET', leases, node, table.concat({whole(now + lease), whole(lease), whole(sequence), whole(term)}, ' '))
for name, each in pairs(nodes) do
  longest = math.max(longest, each.lease)
  if name ~= node then count = count + 1 end
end
redis.call('PEXPIRE', leases, whole(longest))
local settled = now - made >= longest
local era = whole(made) .. '.' .. run

-- What is known of a key: what this node has, what the others have, and who of them may have more than it needs.
local function read(key)
  local of = {others = 0, lacking = 0, unit_others = 0, unit_lacking = 0, keepers = {}, unit_keepers = {}}
  local entries = redis.call('HGETALL', key)
  for i = 1, #entries, 2 do
    local name, value = entries[i], entries[i + 1]
    if name == 'pool' then
      local its_era, rest = string.match(value, '^(%S+) (.*)$')
      if its_era == era then of.pool = numbers(rest) end
    else
      local v = numbers(value)
      if not nodes[name] or nodes[name].term ~= v[1] then
        redis.call('HDEL', key, name)
      elseif name == node then
        of.mine = {share = v[3], units = v[5]}
      else
        local old = v[2] < now - young or v[2] > now
        of.others, of.lacking = of.others + v[3], of.lacking + math.max(v[4] - v[3], 0)
        of.unit_others, of.unit_lacking = of.unit_others + v[5], of.unit_lacking + math.max(v[6] - v[5], 0)
        if v[3] > 0 and (old or v[3] > v[4]) then table.insert(of.keepers, name) end
        if v[5] > 0 and (old or v[5] > v[6]) then table.insert(of.unit_keepers, name) end
      end
    end
  end
  return of
end

-- What a node may use. Who asks gets half of what is left beyond its need, unless another one lacks some.
local function share(size, others, lacking, has, need, asks)
  local room = math.max(size - others, 0)
  if not settled then return math.min(has, room) end
  local usable = math.min(math.max(has, need), room)
  if asks and lacking == 0 then usable = usable + math.floor((room - usable) / 2) end
  return usable
end

-- What is in the bucket of the units that nobody has. If nobody can know it, as if it had been empty when the last share
-- ended of which the database does not know.
local function pool(of, burst, rate)
  local refill = rate / burst / 1000
  if of.pool then return math.min(of.pool[3], of.pool[2] + of.pool[3] * refill * math.max(now - of.pool[1], 0)) end
  return math.min(burst, burst * refill * math.max(now - made - longest, 0))
end

local function recall(key, names)
  for _, name in ipairs(names) do
    if redis.call('SCARD', recalls .. name) < 4096 then
      redis.call('SADD', recalls .. name, key)
      redis.call('PEXPIRE', recalls .. name, whole(longest))
    end
  end
  return #names > 0
end

local answer = {'ok', settled and 1 or 0, count, whole(term)}
for i = 2, #KEYS do
  local key, at = KEYS[i], 4 + (i - 2) * 11
  local function argument(n) return tonumber(ARGV[at + n]) end
  local size, has, held, need, asks = argument(1), argument(2), argument(3), argument(4), argument(5) == 1
  local burst, units, unit_need, tokens, rate = argument(6), argument(7), argument(9), argument(10), argument(11)
  local of = read(key)
  if settled then
    has = of.mine and math.min(has, of.mine.share) or 0
    units = of.mine and math.min(units, of.mine.units) or 0
  end
  local usable = share(size, of.others, of.lacking, has, need, asks)
  local noted = math.max(has, held, usable)
  local unit_usable, unit_noted, given, full, kept = 0, 0, 0, 0, 0
  if burst > 0 then
    unit_usable = share(burst, of.unit_others, of.unit_lacking, units, unit_need, asks)
    unit_noted = math.max(units, unit_usable)
    local left = pool(of, burst, rate) + argument(8)
    if settled and asks then given = math.floor(math.max(math.min(left, unit_usable - tokens), 0) * 1e6) / 1e6 end
    local free = math.max(burst - of.unit_others - unit_noted, 0)
    left = math.min(left - given, free)
    full = burst / rate * 1000
    if left < burst then
      redis.call('HSET', key, 'pool', table.concat({era, whole(now), part(left), whole(free)}, ' '))
    else
      redis.call('HDEL', key, 'pool')
    end
  end
  if noted == 0 and need == 0 and unit_noted == 0 and unit_need == 0 then
    redis.call('HDEL', key, node)
  else
    redis.call('HSET', key, node, table.concat({whole(term), whole(now), whole(noted), whole(math.min(need, size)),
                                                whole(unit_noted), whole(math.min(unit_need, burst))}, ' '))
    kept = keep
  end
  if of.others + of.unit_others > 0 then kept = keep end
  redis.call('PEXPIRE', key, whole(math.max(kept, longest + full)))
  local state = 0
  local lacks = usable < need
  local unit_lacks = unit_need > 0 and (unit_usable < 1 or tokens + given < 1)
  if lacks or unit_lacks then
    state = 1
    if settled and lacks and recall(key, of.keepers) then state = 2 end
    if settled and unit_lacks and recall(key, of.unit_keepers) then state = 2 end
  end
  for _, value in ipairs({usable, unit_usable, part(given), state}) do answer[#answer + 1] = value end
end
for _, name in ipairs(redis.call('SPOP', recalls .. node, 128)) do answer[#answer + 1] = name end
return answer
)lua";
}

std::string name_of_key(std::string_view cluster, const std::uint64_t (&key)[2]) {
  base::Text<2 * kDigits> digits;
  digits.id(key[0]).id(key[1]);
  return std::string(kPrefix) + std::string(cluster) + ":" + std::string(digits.view());
}

bool parse_name(std::string_view text, NamedKey& named) noexcept {
  if (!text.starts_with(kPrefix) || text.size() < kPrefix.size() + 1 + 2 * kDigits) return false;
  const auto digits = text.substr(text.size() - 2 * kDigits);
  named.cluster = text.substr(kPrefix.size(), text.size() - kPrefix.size() - 2 * kDigits - 1);
  return text[text.size() - 2 * kDigits - 1] == ':' && parse_half(digits.substr(0, kDigits), named.key[0]) &&
         parse_half(digits.substr(kDigits), named.key[1]);
}

}  // namespace wsflow::cluster
