// A WebSocket load client in one epoll thread.
//   wsload echo  --url URL --connections N --inflight M --size BYTES --seconds S
//   wsload idle  --url URL --connections N --rate PER_SECOND --size BYTES
//   wsload churn --url URL --connections N --size BYTES --seconds S
// Each prints {"ready": …} when it stands, waits for a line on its input, and prints its result as one line
// of JSON. After its line, `idle` goes on taking commands: "echo" sends one message through each tunnel in
// turn, the end of the input finishes it.
#include "t/bench/client.hpp"

namespace wsflow::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// Keeps `inflight` messages on their way in every connection.
class Echo : public Load {
 public:
  Echo(const Options& options, const Target& target)
      : Load(options, target),
        connections_(options.number("connections", 64)),
        inflight_(std::max(options.number("inflight", 1), 1U)),
        time_(options.number("seconds", 3)) {}

  int run() override {
    connect_all(connections_, 0);
    wait_for_go(static_cast<unsigned>(clients_.size()));
    const Instant start = Clock::now();
    running_ = true;
    for (auto& [client, owner] : clients_) send_message(*client, inflight_);
    while (Clock::now() < start + time_) turn(10);
    running_ = false;
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf(
        "{\"messages\": %llu, \"seconds\": %.4f, \"failed\": %u, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
        static_cast<unsigned long long>(messages_), seconds, failed_, double{latency(0.5)},
        double{latency(0.99)});
    return failed_ == 0 ? 0 : 1;
  }

 private:
  void on_messages(Client& client, unsigned count) override {
    if (running_) send_message(client, count);
  }

  unsigned connections_;
  unsigned inflight_;
  std::chrono::seconds time_;
  bool running_ = false;
};

/// Holds many connections that say nothing, until it is told to echo through each.
class Idle : public Load {
 public:
  Idle(const Options& options, const Target& target)
      : Load(options, target),
        connections_(options.number("connections", 1000)),
        rate_(options.number("rate", 0)) {}

  int run() override {
    const Instant start = Clock::now();
    connect_all(connections_, rate_);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf("{\"ready\": %zu, \"failed\": %u, \"seconds\": %.3f}\n", clients_.size(), failed_, seconds);
    std::fflush(stdout);
    watch_input();
    while (!finished_) {
      turn(-1);
      if (echo_asked_) echo_each();
    }
    return failed_ == 0 ? 0 : 1;
  }

 private:
  void on_input() override {
    char text[256];
    const ssize_t got = read(STDIN_FILENO, text, sizeof text);
    if (got <= 0) finished_ = true;
    echo_asked_ |= got > 0 && std::string_view(text, static_cast<std::size_t>(got)).starts_with("echo");
  }

  void echo_each() {
    echo_asked_ = false;
    messages_ = 0;
    latencies_us_.clear();
    std::vector<Client*> all;
    for (auto& [client, owner] : clients_) all.push_back(client);
    const Instant deadline = Clock::now() + std::chrono::minutes(2);
    for (Client* client : all) {
      if (!clients_.contains(client)) continue;
      const std::uint64_t before = messages_;
      send_message(*client);
      while (messages_ == before && clients_.contains(client) && Clock::now() < deadline) turn(100);
    }
    std::printf(
        "{\"echoed\": %llu, \"failed\": %u, \"p50_us\": %.1f, \"p99_us\": %.1f, \"worst_us\": %.1f}\n",
        static_cast<unsigned long long>(messages_), failed_, double{latency(0.5)}, double{latency(0.99)},
        double{latency(1)});
    std::fflush(stdout);
  }

  unsigned connections_;
  unsigned rate_;
  bool finished_ = false;
  bool echo_asked_ = false;
};

/// Connects, shakes hands, echoes one message, closes in order, and begins again.
class Churn : public Load {
 public:
  Churn(const Options& options, const Target& target)
      : Load(options, target),
        connections_(options.number("connections", 16)),
        time_(options.number("seconds", 3)) {}

  int run() override {
    wait_for_go(0);
    const Instant start = Clock::now();
    running_ = true;
    for (unsigned i = 0; i < connections_; ++i) connect_one();
    while (Clock::now() < start + time_) {
      turn(10);
      // Begun here and not in on_end(): that one runs inside the list of events.
      while (clients_.size() < connections_) connect_one();
    }
    running_ = false;
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf(
        "{\"messages\": %llu, \"seconds\": %.4f, \"failed\": %u, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
        static_cast<unsigned long long>(closed_), seconds, failed_, double{latency(0.5)},
        double{latency(0.99)});
    return failed_ == 0 ? 0 : 1;
  }

 private:
  void on_open(Client& client) override { send_message(client); }
  void on_messages(Client& client, unsigned) override { send_close(client); }
  void on_end(Client& client) override { closed_ += client.closing && running_ ? 1 : 0; }

  unsigned connections_;
  std::chrono::seconds time_;
  std::uint64_t closed_ = 0;
  bool running_ = false;
};

int run(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode != "echo" && mode != "idle" && mode != "churn") die("usage: wsload echo|idle|churn --url URL …");
  const Options options(argc, argv, 2);
  const Target target(options.text("url"));
  use_all_descriptors();
  if (mode == "echo") return Echo(options, target).run();
  if (mode == "idle") return Idle(options, target).run();
  return Churn(options, target).run();
}

}  // namespace
}  // namespace wsflow::bench

int main(int argc, char** argv) {
  return wsflow::bench::run(argc, argv);
}
