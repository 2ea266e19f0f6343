#include "t/soak/tunnels.hpp"

#include <algorithm>

namespace wsflow::soak {
namespace {

// One address has only some 28,000 ports.
constexpr unsigned kSources = 16;

}  // namespace

Group& Tunnels::group(const std::string& name, const std::string& url, Work work) {
  auto& group = groups_[name];
  if (!group) {
    group = std::make_unique<Group>(name, url, work);
    group->limit = limit_;
  }
  return *group;
}

void Tunnels::connect(Group& group) {
  const std::uint32_t id = ++last_id_;
  const int fd = bench::start_connect(group.target.port, 1 + id % kSources);
  tunnels_.emplace(id, std::make_unique<Tunnel>(id, group, shape_, fd));
  ++opening_;
  epoll_.add(fd, reinterpret_cast<void*>(std::uintptr_t{id}));
}

void Tunnels::give_up_opening() {
  for (auto at = tunnels_.begin(); at != tunnels_.end();) {
    if (at->second->opened()) {
      ++at;
      continue;
    }
    ++at->second->group().ends["unanswered"];
    at = tunnels_.erase(at);
    --opening_;
  }
}

void Tunnels::look_at_gaps() {
  const Instant now = Clock::now();
  for (const auto& [id, tunnel] : tunnels_) tunnel->look_at_gap(now);
}

int Tunnels::pause_ms(int longest) const {
  if (due_.empty()) return longest;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due_.top().at - Clock::now()).count();
  const int pause = static_cast<int>(std::clamp<long>(wait, 0, 1000));
  return longest < 0 ? pause : std::min(pause, longest);
}

void Tunnels::serve(std::uint32_t id) {
  const auto found = tunnels_.find(id);
  if (found == tunnels_.end()) return;
  Tunnel& tunnel = *found->second;
  const bool was_open = tunnel.opened();
  const bool alive = tunnel.turn(scratch_);
  if (!was_open && tunnel.opened()) {
    --opening_;
    ++tunnel.group().open;
    last_opened_ = Clock::now();
    if (tunnel.group().work != Work::idle) schedule(id, tunnel);
  }
  if (alive && tunnel.overdue()) schedule(id, tunnel);
  if (!tunnel.end().empty()) remove(id);
}

void Tunnels::schedule(std::uint32_t id, Tunnel& tunnel) {
  const Instant next = tunnel.tick();
  if (next != Instant::max()) due_.push({next, id});
}

void Tunnels::tick() {
  const Instant now = Clock::now();
  while (!due_.empty() && due_.top().at <= now) {
    const std::uint32_t id = due_.top().id;
    due_.pop();
    const auto found = tunnels_.find(id);
    if (found == tunnels_.end()) continue;
    schedule(id, *found->second);
    if (!found->second->end().empty()) remove(id);
  }
}

void Tunnels::remove(std::uint32_t id) {
  const Tunnel& tunnel = *tunnels_.at(id);
  Group& group = tunnel.group();
  unsigned& count = tunnel.opened() ? group.open : opening_;
  --count;
  ++group.ends[tunnel.end()];
  last_end_ = Clock::now();
  tunnels_.erase(id);
}

}  // namespace wsflow::soak
