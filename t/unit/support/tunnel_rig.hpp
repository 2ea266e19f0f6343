#pragma once

#include <memory>

#include "mod_wsflow/tunnel/tunnel.hpp"
#include "t/unit/support/process_slot.hpp"
#include "t/unit/support/sockets.hpp"

namespace wsflow::test {

// A tunnel with a connection on each side, driven by hand as a loop would drive it. The test's ends are
// `client` and `origin`.
struct TunnelRig {
  enum class Kind { unix_sockets, tcp };

  explicit TunnelRig(const tunnel::Options& options = {}, Kind kind = Kind::unix_sockets);
  // Built from `parts`, whose descriptors the caller has chosen.
  explicit TunnelRig(tunnel::Tunnel::Parts parts);

  // One turn with the edges that the sockets' state gives. True when the tunnel is over.
  bool turn(std::size_t budget = SIZE_MAX);
  // Does what is due at `now`. True when the tunnel is over.
  bool expire();
  // Turns until no more bytes move. True when the tunnel is over.
  bool run();

  tunnel::Endpoint& side(tunnel::Side which) { return tunnel->endpoint(which); }

  CountedProcess process;
  base::Instant now{};  // moved by the test
  base::UniqueFd client;
  base::UniqueFd origin;
  os::BioMethod bio_method = os::make_stream_bio_method();
  std::unique_ptr<tunnel::Tunnel> tunnel;
  tunnel::PipePool* pipes = nullptr;  // the test's; with them large frames are spliced

 private:
  void note_edges();

  Bytes buffer_ = Bytes(16384);
};

}  // namespace wsflow::test
