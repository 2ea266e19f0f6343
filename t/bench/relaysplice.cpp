// The floor of large messages: a relay whose bytes never leave the kernel, as they go from socket to socket
// through a pipe.
//   relaysplice --origin PORT [--pipe BYTES]     prints its port, serves until it is killed
#include "t/bench/relay.hpp"

namespace wsflow::bench {
namespace {

class Splice {
 public:
  explicit Splice(unsigned size) : size_(size) {
    if (pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0) die("pipe", errno);
    if (fcntl(ends_[1], F_SETPIPE_SZ, size) < 0) die("F_SETPIPE_SZ", errno);
  }
  Splice(const Splice&) = delete;
  Splice& operator=(const Splice&) = delete;
  ~Splice() {
    close(ends_[0]);
    close(ends_[1]);
  }

  bool waits() const { return waiting_ != 0; }

  bool flush(int to) {
    while (waiting_ != 0) {
      const ssize_t put = splice(ends_[0], nullptr, to, nullptr, waiting_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (put < 0) return errno == EAGAIN || errno == ENOTCONN;
      waiting_ -= static_cast<std::size_t>(put);
    }
    return true;
  }

  Moved move(int from, int to) {
    const ssize_t got = splice(from, nullptr, ends_[1], nullptr, size_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (got < 0) return errno == EAGAIN || errno == ENOTCONN ? Moved::none : Moved::broken;
    if (got == 0) return Moved::end;
    waiting_ = static_cast<std::size_t>(got);
    // A pipe is full when its places are, however few bytes stand in each: more may be there.
    return flush(to) ? Moved::some : Moved::broken;
  }

 private:
  int ends_[2];
  std::size_t size_;
  std::size_t waiting_ = 0;  // bytes in the pipe
};

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  using namespace wsflow::bench;
  const Options options(argc, argv, 1);
  const unsigned pipe = options.number("pipe", 1 << 20);
  const auto make_way = [pipe] { return Splice(pipe); };
  Relay<Splice, decltype(make_way)>(options.number("origin", 0), make_way).serve();
}
