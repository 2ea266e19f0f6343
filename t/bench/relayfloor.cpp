// The floor of the measurements: a TCP relay that only reads and writes, in one epoll thread.
//   relayfloor --origin PORT [--buffer BYTES]     prints its port, serves until it is killed
#include <vector>

#include "t/bench/net.hpp"

namespace wsflow::bench {
namespace {

struct Pair;

struct Side {
  int fd = -1;
  Pair* pair = nullptr;
  Side* other = nullptr;
  std::string waiting;    // bytes for this side that its socket did not take yet
  bool finished = false;  // this side sent FIN
  bool told = false;      // ... and the other side got ours
};

struct Pair {
  Side client;
  Side origin;
  bool dead = false;
};

class Relay {
 public:
  Relay(unsigned origin, std::size_t buffer) : origin_(origin), buffer_(buffer) {}

  void serve(int listener) {
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
  void accept_all(int listener) {
    while (true) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      no_delay(fd);
      auto* pair = new Pair;
      pair->client = {fd, pair, &pair->origin, {}, false, false};
      pair->origin = {start_connect(origin_, 1), pair, &pair->client, {}, false, false};
      epoll_.add(pair->client.fd, &pair->client);
      epoll_.add(pair->origin.fd, &pair->origin);
    }
  }

  void turn(Side& side, std::uint32_t events) {
    if (side.pair->dead) return;
    bool alive = true;
    if ((events & EPOLLOUT) != 0 && !side.waiting.empty()) {
      alive = flush(side);
      // The other side was not read while bytes waited here, and its edge does not come again.
      if (alive && side.waiting.empty()) alive = pump(*side.other, true);
    }
    if (alive && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      alive = pump(side, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }
    if (!alive || (side.told && side.other->told)) end(side.pair);
  }

  bool flush(Side& side) {
    const ssize_t put = send(side.fd, side.waiting.data(), side.waiting.size(), MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN;
    side.waiting.erase(0, static_cast<std::size_t>(put));
    tell_end(*side.other);
    return true;
  }

  // Reads `from` and writes to its other side; a short read means that no more is there, unless `to_the_end`.
  bool pump(Side& from, bool to_the_end) {
    Side& to = *from.other;
    while (to.waiting.empty() && !from.finished) {
      const ssize_t got = recv(from.fd, buffer_.data(), buffer_.size(), 0);
      if (got < 0) return errno == EAGAIN || errno == ENOTCONN;
      if (got == 0) {
        from.finished = true;
        break;
      }
      const auto size = static_cast<std::size_t>(got);
      ssize_t put = send(to.fd, buffer_.data(), size, MSG_NOSIGNAL);
      if (put < 0) {
        if (errno != EAGAIN && errno != ENOTCONN) return false;
        put = 0;
      }
      if (static_cast<std::size_t>(put) < size) {
        to.waiting.assign(buffer_.data() + put, size - static_cast<std::size_t>(put));
      }
      if (size < buffer_.size() && !to_the_end) break;
    }
    tell_end(from);
    return true;
  }

  static void tell_end(Side& from) {
    if (!from.finished || from.told || !from.other->waiting.empty()) return;
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
  std::vector<char> buffer_;
  std::vector<Pair*> dead_;
};

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  using namespace wsflow::bench;
  const Options options(argc, argv, 1);
  use_all_descriptors();
  unsigned port = 0;
  const int listener = listen_anywhere(port);
  std::printf("%u\n", port);
  std::fflush(stdout);
  Relay(options.number("origin", 0), options.number("buffer", 128 * 1024)).serve(listener);
}
