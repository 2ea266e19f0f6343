#pragma once

#include <signal.h>

#include "t/unit/support/tunnel_rig.hpp"

namespace wsflow::test {

// Small enough that frames of a few hundred bytes are spliced.
inline constexpr tunnel::SpliceSizes kSmallSizes{
    .frame = 64, .head = 20, .tail = 24, .small_piece = 16, .piece = 200};

// A TunnelRig that splices.
struct SpliceRig {
  explicit SpliceRig(const tunnel::SpliceSizes& sizes = {}, const tunnel::Options& options = {},
                     TunnelRig::Kind kind = TunnelRig::Kind::unix_sockets)
      : pool(sizes), rig(options, kind) {
    rig.pipes = &pool;
    ignore_broken_pipes();
  }
  // A splice to a broken socket raises SIGPIPE, which loops have blocked.
  static void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }
  // Fills the socket to `side` with other bytes, so that it takes no more, and returns how many.
  static std::size_t clog(TunnelRig& rig, tunnel::Side side) {
    std::size_t all = 0;
    while (const auto more = send_some(rig.side(side).stream.fd(), Bytes(4096))) all += more;
    return all;
  }

  int pipes() const {
    std::vector<int> all;
    pool.add_descriptors(all);
    return static_cast<int>(all.size() / 2);
  }
  // Sends `bytes` through the tunnel while the other side reads, and returns what arrives.
  Bytes pass(tunnel::Side from, std::span<const std::uint8_t> bytes) {
    const int source = (from == tunnel::Side::client ? rig.client : rig.origin).get();
    const int sink = (from == tunnel::Side::client ? rig.origin : rig.client).get();
    Bytes arrived;
    std::size_t sent = 0;
    for (unsigned idle = 0; arrived.size() < bytes.size() && idle < 1000; ++idle) {
      const auto more = send_some(source, bytes.subspan(sent));
      rig.turn();
      const auto got = receive_some(sink).bytes;
      append(arrived, got);
      sent += more;
      if (more != 0 || !got.empty()) idle = 0;
    }
    return arrived;
  }

  tunnel::PipePool pool;
  TunnelRig rig;
};

}  // namespace wsflow::test
