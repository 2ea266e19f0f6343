#pragma once

#include <optional>

#include "mod_wsflow/httpd/handshake/session_end.hpp"
#include "mod_wsflow/httpd/origin/answer_relay.hpp"
#include "mod_wsflow/httpd/process/worker_share.hpp"
#include "mod_wsflow/httpd/tunnel/stay.hpp"
#include "mod_wsflow/tunnel/admission.hpp"

namespace wsflow::httpd {

// One attempt to open a tunnel through one origin, in steps that do not wait: from the moment when limits and
// policy have said yes to the hand-over, or to the last byte of the origin's refusal. The thread that has the
// request.
class Attempt {
 public:
  Attempt(Process& process, request_rec* r, const Origin::Target& target, const TunnelConfig& tunnels,
          const TunnelEnd& end, tunnel::Admission::Lease admission, bool offload);
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  // Done: status() is the result for mod_proxy, and all but the tunnel is given back. It never fails.
  Step advance();
  int status() const noexcept { return status_; }
  // Ends the attempt with a refusal.
  void give_up(const Failure& failure) noexcept;
  // Ends the attempt, as the client has left. What the origin has answered stays the outcome.
  void client_left() noexcept;
  // Gives the share of the worker threads back, if the tunnel will not need it: no worker is held now.
  void leave_worker() noexcept;
  // A number that stands for the origin.
  std::uint64_t origin() const noexcept {
    return origin_.key() != 0 ? origin_.key() : reinterpret_cast<std::uintptr_t>(target_.worker);
  }
  // Takes the share of the worker threads that a wait on this thread needs. False: the attempt has ended.
  bool may_block() noexcept;

  const Origin::Target& target() const noexcept { return target_; }

 private:
  Step end_with(int status) noexcept;
  Step fail(const Failure& failure) noexcept;
  Step answered();
  Failure judge_switching() const;
  Failure start_tunnel();
  Failure enter_share() noexcept;

  Process& process_;  // borrowed; outlives every request
  request_rec* r_;    // borrowed
  const Origin::Target target_;
  const TunnelConfig tunnels_;
  const TunnelEnd end_;
  tunnel::Admission::Lease admission_;
  WorkerShare::Lease share_;  // empty: the worker is not held
  Stay stays_;                // why the tunnel will hold its worker
  Origin origin_;
  std::optional<AnswerRelay> relay_;  // none: the origin has not refused
  int status_ = OK;
  bool ended_ = false;
};

}  // namespace wsflow::httpd
