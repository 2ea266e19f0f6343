#include "mod_wsflow/cluster/script.hpp"

namespace wsflow::cluster {

const char* script() noexcept {
  return R"lua(
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local node, sequence, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function whole(number) return string.format('%.0f', number) end
local function least(a, b)
  if a == 0 or (b > 0 and b < a) then return b end
  return a
end

-- What is known of one limit: the nodes whose leases have not ended, and what they have.
local function read(key, own)
  local limit = {nodes = 1, lease = lease, others = 0, lacking = 0, unit_others = 0, unit_lacking = 0,
                 size = 0, burst = 0, rate = 0}
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local name, value = all[i], all[i + 1]
    if name == 'made' then
      limit.made = tonumber(value)
    elseif name == 'run' then
      limit.run = value
    else
      local v = {}
      for word in string.gmatch(value, '%S+') do v[#v + 1] = tonumber(word) end
      -- The clock was set back: no lease is longer than itself.
      local ends = math.min(v[1], now + v[2])
      if ends <= now then
        redis.call('HDEL', key, name)
      else
        limit.lease = math.max(limit.lease, v[2])
        if name == own then
          limit.mine = {sequence = v[3], share = v[5], units = v[8]}
        else
          if ends < v[1] then
            v[1] = ends
            for n = 1, #v do v[n] = n == 10 and tostring(v[n]) or whole(v[n]) end
            redis.call('HSET', key, name, table.concat(v, ' '))
            for n = 1, #v do v[n] = tonumber(v[n]) end
          end
          limit.nodes = limit.nodes + 1
          limit.size, limit.burst = least(limit.size, v[4]), least(limit.burst, v[7])
          limit.rate = least(limit.rate, v[10])
          limit.others, limit.unit_others = limit.others + v[5], limit.unit_others + v[8]
          limit.lacking = limit.lacking + math.max(v[6] - v[5], 0)
          limit.unit_lacking = limit.unit_lacking + math.max(v[9] - v[8], 0)
        end
      end
    end
  end
  return limit
end

-- What a node may use, and what is noted as its own: never less than what it holds.
local function share(size, others, lacking, settled, has, held, want, need)
  if lacking > 0 then want = math.min(want, math.max(has, need)) end
  local usable = math.max(math.min(settled and want or has, size - others), 0)
  return usable, math.max(has, held, usable)
end

-- The entry of a node in the hash of its i-th limit. A limit that has got another name is two until the old one is given
-- back.
local function own(i) return node .. ':' .. ARGV[3 + i * 11] end

local limits = {}
for i, key in ipairs(KEYS) do
  limits[i] = read(key, own(i))
  local mine = limits[i].mine
  if mine and mine.sequence >= sequence then return {'late'} end
end

local answer = {'ok'}
for i, key in ipairs(KEYS) do
  local limit = limits[i]
  local at = 3 + (i - 1) * 11
  local function argument(n) return tonumber(ARGV[at + n]) end
  -- The hash is new, or of a server that was another one: nodes may have shares that it does not know.
  if not limit.made or limit.run ~= run or limit.made > now then
    limit.made = now
    redis.call('HSET', key, 'made', whole(now), 'run', run)
  end
  local settled = now - limit.made >= limit.lease
  local has, units = argument(2), argument(7)
  if settled then
    has = limit.mine and math.min(has, limit.mine.share) or 0
    units = limit.mine and math.min(units, limit.mine.units) or 0
  end
  local size, burst = least(limit.size, argument(1)), least(limit.burst, argument(6))
  local rate = least(limit.rate, argument(10))
  local usable, noted = share(size, limit.others, limit.lacking, settled, has, argument(3), argument(4),
                              argument(5))
  local unit_usable, unit_noted = share(burst, limit.unit_others, limit.unit_lacking, settled, units, 0,
                                        argument(8), argument(9))
  redis.call('HSET', key, own(i), table.concat({whole(now + lease), whole(lease), whole(sequence),
    whole(argument(1)), whole(noted), whole(argument(5)), whole(argument(6)), whole(unit_noted),
    whole(argument(9)), ARGV[at + 10]}, ' '))
  redis.call('PEXPIRE', key, whole(limit.lease))
  for _, value in ipairs({settled and 1 or 0, limit.nodes, size, usable, limit.others, limit.lacking, burst,
                          unit_usable, limit.unit_others, limit.unit_lacking}) do
    answer[#answer + 1] = value
  end
  answer[#answer + 1] = tostring(rate)
end
return answer
)lua";
}

std::string key_of(std::string_view cluster) {
  return "{wsflow}:limit:" + std::string(cluster);
}

}  // namespace wsflow::cluster
