// Ordinary requests over kept connections, in one epoll thread: each answer is followed by the next request.
//   httpload --port PORT --path PATH --connections N --ms TIME
// Every connection has a user of its own, `X-User: N`. It prints {"ready": …}, waits for a line
// on its input, and prints its result as one line of JSON.
#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "t/bench/net.hpp"
#include "t/bench/peer.hpp"

namespace wsflow::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Visitor {
  Visitor(int fd, std::string text) : peer(fd, nullptr), request(std::move(text)) {}
  Peer peer;
  std::string request;
  Clock::time_point sent;
};

class HttpLoad {
 public:
  explicit HttpLoad(const Options& options) {
    const unsigned port = options.number("port", 0);
    for (unsigned i = 0; i < options.number("connections", 16); ++i) {
      const int fd = start_connect(port, 1 + i % 16);
      visitors_.push_back(std::make_unique<Visitor>(
          fd, "GET " + options.text("path", "/") +
                  " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User: " + std::to_string(i) + "\r\n\r\n"));
      epoll_.add(fd, visitors_.back().get());
    }
  }

  int run(std::chrono::milliseconds time) {
    ask_all();
    // A first answer for each, so that connections and memory stand before anybody looks at a clock.
    while (answers_ < visitors_.size()) turn();
    std::printf("{\"ready\": %zu, \"failed\": 0}\n", visitors_.size());
    std::fflush(stdout);
    char line[64];
    if (std::fgets(line, sizeof line, stdin) == nullptr) return 1;
    answers_ = 0;
    latencies_us_.clear();
    const auto start = Clock::now();
    running_ = true;
    ask_all();
    while (Clock::now() < start + time) turn();
    running_ = false;
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf(
        "{\"messages\": %llu, \"seconds\": %.4f, \"failed\": %u, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
        static_cast<unsigned long long>(answers_), seconds, failed_, double{latency(0.5)},
        double{latency(0.99)});
    return failed_ == 0 ? 0 : 1;
  }

 private:
  void ask_all() {
    for (const auto& visitor : visitors_) ask(*visitor);
  }

  static void ask(Visitor& visitor) {
    visitor.sent = Clock::now();
    if (!visitor.peer.send(visitor.request)) die("a connection ended");
  }

  void turn() {
    epoll_.wait(10, [this](void* owner, std::uint32_t) { serve(*static_cast<Visitor*>(owner)); });
  }

  void serve(Visitor& visitor) {
    bool answered = false;
    if (!visitor.peer.flush() || !visitor.peer.receive(scratch_, [&](std::string_view in) {
          const std::size_t size = answer_size(in);
          answered |= size != 0;
          return size;
        })) {
      die("a connection ended");
    }
    if (!answered) return;
    ++answers_;
    latencies_us_.push_back(std::chrono::duration<float, std::micro>(Clock::now() - visitor.sent).count());
    if (running_) ask(visitor);
  }

  // 0: not all of it is here.
  std::size_t answer_size(std::string_view in) {
    const std::size_t head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::size_t field = in.find(kLength);
    if (field > head) die("an answer without a length");
    std::size_t body = 0;
    std::from_chars(in.data() + field + kLength.size(), in.data() + head, body);
    if (in.size() < head + 4 + body) return 0;
    failed_ += in.starts_with("HTTP/1.1 200 ") ? 0 : 1;
    return head + 4 + body;
  }

  float latency(double quantile) {
    if (latencies_us_.empty()) return 0;
    const auto at = static_cast<std::size_t>(static_cast<double>(latencies_us_.size() - 1) * quantile);
    std::nth_element(latencies_us_.begin(), latencies_us_.begin() + static_cast<std::ptrdiff_t>(at),
                     latencies_us_.end());
    return latencies_us_[at];
  }

  Epoll epoll_;
  std::vector<std::unique_ptr<Visitor>> visitors_;
  std::string scratch_ = std::string(64 * 1024, '\0');
  std::vector<float> latencies_us_;
  std::uint64_t answers_ = 0;
  unsigned failed_ = 0;
  bool running_ = false;
};

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  using namespace wsflow::bench;
  const Options options(argc, argv, 1);
  use_all_descriptors();
  return HttpLoad(options).run(std::chrono::milliseconds(options.number("ms", 3000)));
}
