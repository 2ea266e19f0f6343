// All tunnels of a client and the clock that they share, in one epoll thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "t/bench/net.hpp"
#include "t/soak/tunnel.hpp"

namespace wsflow::soak {

class Tunnels {
 public:
  Tunnels(const Shape& shape, Clock::duration limit) : shape_(shape), limit_(limit) {}

  /// Calls `on_input()` when there is something on the standard input.
  template <class OnInput>
  void turn(int longest_pause_ms, OnInput&& on_input) {
    epoll_.wait(pause_ms(longest_pause_ms), [&](void* owner, std::uint32_t) {
      if (owner == nullptr) {
        on_input();
      } else {
        serve(static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(owner)));
      }
    });
    tick();
  }
  void watch_input() { epoll_.add(STDIN_FILENO, nullptr, EPOLLIN); }

  /// The group of that name; made if there is none.
  Group& group(const std::string& name, const std::string& url, Work work);
  void connect(Group& group);
  /// Ends those whose handshake is not answered.
  void give_up_opening();
  unsigned opening() const { return opening_; }
  Instant last_opened() const { return last_opened_; }
  Instant last_end() const { return last_end_; }

  /// Counts the gaps that have not ended.
  void look_at_gaps();

  const std::map<std::uint32_t, std::unique_ptr<Tunnel>>& all() const { return tunnels_; }
  const std::map<std::string, std::unique_ptr<Group>>& groups() const { return groups_; }

 private:
  struct Due {
    Instant at;
    std::uint32_t id;
    bool operator<(const Due& other) const { return at > other.at; }  // the earliest is the top
  };

  int pause_ms(int longest) const;
  void serve(std::uint32_t id);
  void schedule(std::uint32_t id, Tunnel& tunnel);
  void tick();
  void remove(std::uint32_t id);

  const Shape shape_;
  const Clock::duration limit_;
  bench::Epoll epoll_;
  std::map<std::string, std::unique_ptr<Group>> groups_;
  std::map<std::uint32_t, std::unique_ptr<Tunnel>> tunnels_;  // by age
  std::priority_queue<Due> due_;
  std::string scratch_ = std::string(256 * 1024, '\0');
  std::uint32_t last_id_ = 0;
  unsigned opening_ = 0;
  Instant last_opened_{};
  Instant last_end_{};
};

}  // namespace wsflow::soak
