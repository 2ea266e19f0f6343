#include "t/unit/support/tunnel_rig.hpp"

#include <poll.h>

#include <utility>

#include "t/unit/support/lasting.hpp"

namespace wsflow::test {

using tunnel::Side;

TunnelRig::TunnelRig(const tunnel::Options& options, Kind kind) {
  auto client_pair = kind == Kind::tcp ? tcp_pair() : socket_pair();
  auto origin_pair = kind == Kind::tcp ? tcp_pair() : socket_pair();
  client = std::move(client_pair.peer);
  origin = std::move(origin_pair.peer);
  tunnel = std::make_unique<tunnel::Tunnel>(tunnel::Tunnel::Parts{.client_fd = std::move(client_pair.ours),
                                                                  .client_ssl = {},
                                                                  .origin_fd = std::move(origin_pair.ours),
                                                                  .origin_ssl = {},
                                                                  .admission = {},
                                                                  .options = &lasting(options)},
                                            base::Instant{});
}

TunnelRig::TunnelRig(tunnel::Tunnel::Parts parts)
    : tunnel(std::make_unique<tunnel::Tunnel>(std::move(parts), base::Instant{})) {
  for (const auto which : {Side::client, Side::origin}) side(which).stream.bind_tls(bio_method.get());
}

void TunnelRig::note_edges() {
  for (const auto which : {Side::client, Side::origin}) {
    auto& endpoint = side(which);
    pollfd one{.fd = endpoint.stream.fd(), .events = POLLIN | POLLOUT | POLLRDHUP, .revents = 0};
    ::poll(&one, 1, 0);
    const bool broken = (one.revents & (POLLHUP | POLLERR)) != 0;
    const bool hang_up = broken || (one.revents & POLLRDHUP) != 0;
    if (hang_up || (one.revents & POLLIN) != 0) {
      endpoint.stream.note_readable(hang_up);
      endpoint.read_ready = true;
      if (hang_up) tunnel->note_hang_up(which);
    }
    if (broken || (one.revents & POLLOUT) != 0) endpoint.write_blocked = false;
  }
}

bool TunnelRig::turn(std::size_t budget) {
  note_edges();
  tunnel->begin_turn(now, false);
  for (const auto from : {Side::client, Side::origin}) {
    tunnel->flush(tunnel::other(from));
    tunnel->relay(from, buffer_, budget, process.recorder, pipes);
  }
  const bool over = tunnel->settle();
  if (!over) tunnel->send_waiting_pings(process.recorder);
  return over;
}

bool TunnelRig::expire() {
  for (;;) {
    tunnel->begin_turn(now, false);
    auto due = tunnel->deadline(now);
    if (due.at <= now && tunnel::blames_peers(due.what)) {
      tunnel->expect_everything();
      if (turn()) return true;
      if (tunnel->take_progress() && tunnel->ending()) tunnel->stay();
      due = tunnel->deadline(now);
    }
    if (due.at > now) return false;
    if (tunnel->meet(due, process.recorder) || turn()) return true;
    if (tunnel->take_progress() && tunnel->ending()) tunnel->stay();
  }
}

bool TunnelRig::run() {
  for (;;) {
    if (turn()) return true;
    if (!tunnel->take_progress()) return false;
    if (tunnel->ending()) tunnel->stay();
  }
}

}  // namespace wsflow::test
