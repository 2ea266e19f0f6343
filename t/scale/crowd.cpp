#include "t/scale/crowd.hpp"

#include <poll.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "t/bench/frames.hpp"

namespace wsflow::scale {

namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
// Nothing of a test takes longer.
constexpr std::chrono::seconds kPatience{120};

std::string number(std::string_view name, std::uint64_t value) {
  return ",\"" + std::string(name) + "\":" + std::to_string(value);
}

}  // namespace

void Times::add(Micros time) {
  const auto value = static_cast<std::uint64_t>(std::max<Micros::rep>(time.count(), 8));
  const auto power = static_cast<unsigned>(std::bit_width(value)) - 1;
  const auto eighth = static_cast<unsigned>((value >> (power - 3)) & 7U);
  ++counts_[std::min<std::size_t>((power - 3) * 8 + eighth, counts_.size() - 1)];
}

std::string Times::json() const {
  std::string text = "{";
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    if (text.size() > 1) text += ',';
    text += '"' + std::to_string(i) + "\":" + std::to_string(counts_[i]);
  }
  return text + "}";
}

void Crowd::begin() {
  const int fd = bench::start_connect(settings_.port, settings_.source);
  bench::SslPtr ssl(settings_.tls != nullptr ? SSL_new(settings_.tls) : nullptr);
  if (ssl) SSL_set_connect_state(ssl.get());
  auto client = std::make_unique<Client>(fd, std::move(ssl));
  client->index = clients_.size();
  epoll_.add(fd, client.get());
  clients_.push_back(std::move(client));
  ++opening_;
}

void Crowd::lose(Client& client, std::string_view why) {
  if (client.open) {
    ++lost_;
    --open_;
  } else {
    ++failed_;
    --opening_;
  }
  if (first_failure_.empty()) first_failure_ = why.substr(0, why.find('\r'));
  const auto index = client.index;
  std::swap(clients_[index], clients_.back());
  clients_[index]->index = index;
  gone_.push_back(std::move(clients_.back()));
  clients_.pop_back();
}

void Crowd::turn(Client& client) {
  if (!client.asked) {
    client.asked = true;
    client.peer.send("GET " + settings_.path +
                     " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                     std::string(kKey) + "\r\n\r\n");
  }
  bool alive = client.peer.flush();
  std::string_view why = "the connection ended";
  if (alive) alive = client.peer.receive(scratch_, [&](std::string_view in) { return on_bytes(client, in); });
  const auto refused =
      std::find_if(gone_.begin(), gone_.end(), [&](const auto& each) { return each.get() == &client; });
  if (!alive && refused == gone_.end()) lose(client, why);
}

std::size_t Crowd::on_bytes(Client& client, std::string_view in) {
  std::size_t used = 0;
  if (!client.open) {
    used = on_head(client, in);
    if (!client.open) return used;
  }
  bench::Frame frame;
  while (bench::whole_frame(in.substr(used), frame)) {
    on_frame(client, frame.opcode(), in.substr(used + frame.header, frame.payload));
    used += frame.size();
  }
  return used;
}

std::size_t Crowd::on_head(Client& client, std::string_view in) {
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  if (!in.starts_with("HTTP/1.1 101")) {
    if (std::none_of(gone_.begin(), gone_.end(), [&](const auto& each) { return each.get() == &client; }))
      lose(client, in);
    return in.size();
  }
  client.open = true;
  --opening_;
  ++open_;
  handshakes_->add(std::chrono::duration_cast<Micros>(Clock::now() - client.begun));
  return end + 4;
}

void Crowd::on_frame(Client& client, std::uint8_t opcode, std::string_view payload) {
  if (opcode == bench::kPing) {
    ++pings_;
    std::string out;
    bench::append_frame(out, bench::kPong, payload, true);
    client.peer.send(out);
  }
  if (opcode != bench::kBinary || payload.size() < sizeof(Clock::rep)) return;
  Clock::rep sent = 0;
  std::memcpy(&sent, payload.data(), sizeof sent);
  echoes_->add(std::chrono::duration_cast<Micros>(Clock::now() - Clock::time_point(Clock::duration(sent))));
  client.waits = false;
  ++echoed_;
}

void Crowd::speak(Client& client) {
  if (client.waits) ++late_;  // its echo has not come for a whole period
  const auto now = Clock::now().time_since_epoch().count();
  std::string payload(std::max<std::size_t>(settings_.size, sizeof now), 'x');
  std::memcpy(payload.data(), &now, sizeof now);
  std::string out;
  bench::append_frame(out, bench::kBinary, payload, true);
  client.waits = true;
  ++sent_;
  client.peer.send(out);
}

template <class Until>
void Crowd::run(int timeout_ms, const Until& until) {
  do {
    epoll_.wait(timeout_ms, [this](void* owner, std::uint32_t) {
      auto* client = static_cast<Client*>(owner);
      const bool gone =
          std::any_of(gone_.begin(), gone_.end(), [&](const auto& each) { return each.get() == client; });
      if (!gone) turn(*client);
    });
    gone_.clear();
  } while (!until());
}

std::string Crowd::report(Clock::time_point begin) {
  const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::string text = "{\"seconds\":" + std::to_string(seconds);
  text += number("open", open_) + number("failed", failed_) + number("lost", lost_) + number("sent", sent_) +
          number("echoed", echoed_) + number("late", late_) + number("pings", pings_);
  text += ",\"why\":\"" + first_failure_ + "\"";
  text += ",\"handshake\":" + handshakes_->json() + ",\"echo\":" + echoes_->json() + "}";
  failed_ = lost_ = sent_ = echoed_ = late_ = pings_ = 0;
  first_failure_.clear();
  handshakes_.emplace();
  echoes_.emplace();
  return text;
}

std::string Crowd::open(std::size_t count) {
  const auto start = Clock::now();
  run(100, [&] {
    while (opening_ < settings_.at_once && open_ + opening_ + failed_ < count) begin();
    return (opening_ == 0 && open_ + failed_ >= count) || Clock::now() - start > kPatience * 5;
  });
  return report(start);
}

std::string Crowd::hold(std::chrono::seconds time) {
  const auto start = Clock::now();
  std::uint64_t spoken = 0;
  std::size_t next = 0;
  run(2, [&] {
    const auto now = Clock::now();
    if (now - start >= time) return true;
    const auto due = std::chrono::duration<double>(now - start).count() / settings_.period;
    const auto wanted = static_cast<std::uint64_t>(due * static_cast<double>(open_));
    for (; spoken < wanted && !clients_.empty(); ++spoken) {
      auto& client = *clients_[next++ % clients_.size()];
      if (client.open) speak(client);
    }
    return false;
  });
  const auto end = Clock::now();
  run(10, [&] { return echoed_ >= sent_ || lost_ != 0 || Clock::now() - end > std::chrono::seconds(10); });
  return report(start);
}

std::string Crowd::idle(std::chrono::seconds time) {
  const auto start = Clock::now();
  run(100, [&] { return Clock::now() - start >= time; });
  return report(start);
}

void Crowd::wait_for(int fd) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  run(20, [&] { return poll(&polled, 1, 0) != 0; });
}

}  // namespace wsflow::scale
