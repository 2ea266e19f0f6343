// The floor of the measurements: a relay that only reads and writes.
//   relayfloor --origin PORT [--buffer BYTES]     prints its port, serves until it is killed
#include "t/bench/relay.hpp"

namespace wsflow::bench {
namespace {

class Copy {
 public:
  explicit Copy(std::vector<char>& buffer) : buffer_(&buffer) {}

  bool waits() const { return !waiting_.empty(); }

  bool flush(int to) {
    const ssize_t put = send(to, waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN;
    waiting_.erase(0, static_cast<std::size_t>(put));
    return true;
  }

  Moved move(int from, int to) {
    const ssize_t got = recv(from, buffer_->data(), buffer_->size(), 0);
    if (got < 0) return errno == EAGAIN || errno == ENOTCONN ? Moved::none : Moved::broken;
    if (got == 0) return Moved::end;
    const auto size = static_cast<std::size_t>(got);
    ssize_t put = send(to, buffer_->data(), size, MSG_NOSIGNAL);
    if (put < 0) {
      if (errno != EAGAIN && errno != ENOTCONN) return Moved::broken;
      put = 0;
    }
    if (static_cast<std::size_t>(put) < size) {
      waiting_.assign(buffer_->data() + put, size - static_cast<std::size_t>(put));
    }
    return size < buffer_->size() ? Moved::all : Moved::some;
  }

 private:
  std::vector<char>* buffer_;  // of all connections
  std::string waiting_;
};

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  using namespace wsflow::bench;
  const Options options(argc, argv, 1);
  std::vector<char> buffer(options.number("buffer", 128 * 1024));
  const auto make_way = [&buffer] { return Copy(buffer); };
  Relay<Copy, decltype(make_way)>(options.number("origin", 0), make_way).serve();
}
