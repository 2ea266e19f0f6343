// A TCP relay in one epoll thread, knowing nothing of HTTP, TLS or WebSocket. How bytes get from one socket
// into the other is its Way's, one for each direction.
#pragma once

#include <cerrno>
#include <vector>

#include "t/bench/net.hpp"

namespace wsflow::bench {

enum class Moved {
  all,   // what was there
  some,  // more may be there
  none,  // nothing was there
  end,   // nothing will come
  broken,
};

/// A Way has
///   `bool waits() const`         bytes have been read that the socket behind it did not take
///   `bool flush(int to)`         writes them; false: broken
///   `Moved move(int from, int to)`  reads once and writes; not while bytes wait
/// and is made by a `make_way()`.
template <class Way, class MakeWay>
class Relay {
 public:
  Relay(unsigned origin, MakeWay make_way) : origin_(origin), make_way_(std::move(make_way)) {}

  /// Listens, prints its port, serves until it is killed.
  [[noreturn]] void serve() {
    use_all_descriptors();
    unsigned port = 0;
    const int listener = listen_anywhere(port);
    std::printf("%u\n", port);
    std::fflush(stdout);
    epoll_.add(listener, nullptr, EPOLLIN);
    while (true) {
      epoll_.wait(-1, [&](void* owner, std::uint32_t events) {
        if (owner == nullptr) {
          accept_all(listener);
        } else {
          turn(*static_cast<Side*>(owner), events);
        }
      });
      // Both sides of a pair may stand in one list of events: free only after it.
      for (Pair* pair : dead_) delete pair;
      dead_.clear();
    }
  }

 private:
  struct Pair;

  struct Side {
    int fd;
    Pair* pair;
    Side* other;
    Way way;                // of the bytes for this side
    bool finished = false;  // this side sent FIN
    bool told = false;      // ... and the other side got ours
  };

  struct Pair {
    Side client;
    Side origin;
    bool dead = false;
  };

  void accept_all(int listener) {
    while (true) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      no_delay(fd);
      auto* pair = new Pair{{fd, nullptr, nullptr, make_way_()},
                            {start_connect(origin_, 1), nullptr, nullptr, make_way_()}};
      pair->client.pair = pair->origin.pair = pair;
      pair->client.other = &pair->origin;
      pair->origin.other = &pair->client;
      epoll_.add(pair->client.fd, &pair->client);
      epoll_.add(pair->origin.fd, &pair->origin);
    }
  }

  void turn(Side& side, std::uint32_t events) {
    if (side.pair->dead) return;
    bool alive = true;
    if ((events & EPOLLOUT) != 0 && side.way.waits()) {
      alive = side.way.flush(side.fd);
      if (alive) tell_end(*side.other);
      // The other side was not read while bytes waited here, and its edge does not come again.
      if (alive && !side.way.waits()) alive = pump(*side.other, true);
    }
    if (alive && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      alive = pump(side, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }
    if (!alive || (side.told && side.other->told)) end(side.pair);
  }

  // Moves what `from` has to its other side. What was there is all, unless the read goes `to_the_end`.
  bool pump(Side& from, bool to_the_end) {
    Side& to = *from.other;
    while (!to.way.waits() && !from.finished) {
      const Moved moved = to.way.move(from.fd, to.fd);
      if (moved == Moved::broken) return false;
      if (moved == Moved::none) return true;
      from.finished = moved == Moved::end;
      if (moved == Moved::all && !to_the_end) break;
    }
    tell_end(from);
    return true;
  }

  static void tell_end(Side& from) {
    if (!from.finished || from.told || from.other->way.waits()) return;
    shutdown(from.other->fd, SHUT_WR);
    from.told = true;
  }

  void end(Pair* pair) {
    pair->dead = true;
    close(pair->client.fd);
    close(pair->origin.fd);
    dead_.push_back(pair);
  }

  Epoll epoll_;
  unsigned origin_;
  MakeWay make_way_;
  std::vector<Pair*> dead_;
};

}  // namespace wsflow::bench
