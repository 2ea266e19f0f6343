#include "t/bench/client.hpp"

#include <algorithm>

#include "t/bench/frames.hpp"

namespace wsflow::bench {
namespace {

constexpr unsigned kOpeningAtOnce = 100;

// Not all alike, so that lost, doubled or swapped bytes are seen.
std::string make_payload(std::size_t size) {
  std::string payload(size, '\0');
  std::uint32_t state = 2463534242U;
  for (char& byte : payload) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return payload;
}

}  // namespace

Load::Load(const Options& options, const Target& target)
    : target_(target),
      sources_(std::clamp(options.number("sources", 16), 1U, 250U)),
      inflight_(std::max(options.number("inflight", 1), 1U)),
      payload_(make_payload(options.number("size", 125))) {
  append_frame(batch_, kBinary, payload_, true);
  frame_size_ = batch_.size();
  const std::string one = batch_;
  for (unsigned i = 1; i < inflight_; ++i) batch_ += one;
  request_ = target.request();
}

void Load::connect_one() {
  const int fd = start_connect(target_.port, 1 + next_source_++ % sources_);
  auto client = std::make_unique<Client>(fd, target_.new_ssl());
  Client* const raw = client.get();
  clients_.emplace(raw, std::move(client));
  ++opening_;
  raw->broken = !raw->peer.send(request_);
  epoll_.add(fd, raw);
}

void Load::connect_all(unsigned count, unsigned rate) {
  const Instant start = std::chrono::steady_clock::now();
  unsigned started = 0;
  while (started < count || opening_ > 0) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    const unsigned due =
        rate == 0 ? count : static_cast<unsigned>(std::min(passed.count() * rate + 1, 1.0 * count));
    while (started < due && opening_ < kOpeningAtOnce) {
      connect_one();
      ++started;
    }
    turn(1);
  }
}

void Load::send_message(Client& client, unsigned copies) {
  client.sent.insert(client.sent.end(), copies, std::chrono::steady_clock::now());
  client.broken |= !client.peer.send(std::string_view(batch_).substr(0, copies * frame_size_));
}

void Load::send_close(Client& client) {
  std::string close;
  append_frame(close, kClose, std::string_view("\x03\xE8", 2), true);
  client.closing = true;
  client.broken |= !client.peer.send(close);
}

void Load::turn(int timeout_ms) {
  epoll_.wait(timeout_ms, [this](void* owner, std::uint32_t) {
    if (owner == nullptr) {
      on_input();
    } else {
      serve(static_cast<Client*>(owner));
    }
  });
}

void Load::watch_input() {
  epoll_.add(STDIN_FILENO, nullptr, EPOLLIN);
}

void Load::wait_for_go(unsigned ready) {
  std::printf("{\"ready\": %u, \"failed\": %u}\n", ready, failed_);
  std::fflush(stdout);
  char line[64];
  if (std::fgets(line, sizeof line, stdin) == nullptr) std::exit(1);
}

void Load::serve(Client* client) {
  bool alive = !client->broken && client->peer.flush();
  alive = alive && client->peer.receive(scratch_, [&](std::string_view in) {
    return client->open ? frames(*client, in) : head(*client, in);
  });
  if (alive && !client->broken) return;
  if (!client->open) --opening_;
  if (!client->closing) ++failed_;
  on_end(*client);
  clients_.erase(client);
}

std::size_t Load::head(Client& client, std::string_view in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::string_view text = in.substr(0, end + 2);
  if (!Target::accepted(text)) {
    std::fprintf(stderr, "handshake refused: %.*s\n", static_cast<int>(text.find('\r')), text.data());
    client.broken = true;
    return in.size();
  }
  client.open = true;
  --opening_;
  on_open(client);
  return end + 4 + frames(client, in.substr(end + 4));
}

std::size_t Load::frames(Client& client, std::string_view in) {
  std::size_t used = 0;
  unsigned echoes = 0;
  Frame frame;
  const Instant now = std::chrono::steady_clock::now();
  while (!client.broken && whole_frame(in.substr(used), frame)) {
    const std::string_view body = in.substr(used + frame.header, frame.payload);
    used += frame.size();
    if (frame.opcode() == kPing) {
      std::string pong;
      append_frame(pong, kPong, body, true);
      client.broken |= !client.peer.send(pong);
    } else if (frame.opcode() == kClose) {
      client.broken |= !client.closing;  // nobody asked for it
    } else if (client.sent.empty() || body != payload_) {
      std::fprintf(stderr, "an echo differs from what was sent\n");
      client.broken = true;
    } else {
      latencies_us_.push_back(std::chrono::duration<float, std::micro>(now - client.sent.front()).count());
      client.sent.pop_front();
      ++echoes;
    }
  }
  messages_ += echoes;
  if (echoes > 0) on_messages(client, echoes);
  return used;
}

float Load::latency(double quantile) {
  if (latencies_us_.empty()) return 0;
  const auto last = static_cast<double>(latencies_us_.size() - 1);
  const auto at = latencies_us_.begin() + static_cast<std::ptrdiff_t>(quantile * last);
  std::nth_element(latencies_us_.begin(), at, latencies_us_.end());
  return *at;
}

}  // namespace wsflow::bench
