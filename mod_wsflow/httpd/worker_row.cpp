#include "mod_wsflow/httpd/worker_row.hpp"

#include <algorithm>

#include "mod_wsflow/httpd/child.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/ordered_ends.hpp"
#include "mod_wsflow/os/random.hpp"
#include "mod_wsflow/ws/frame_header.hpp"

namespace wsflow::httpd {

bool WorkerRow::look(apr_time_t now) noexcept {
  if (ordered_ != 0) return true;
  if (now < next_) return false;
  next_ = now + kRound;
  show();
  auto& process = *child();
  // Where the MPM has no threads, nobody else works off the orders.
  if (!process.caretaker) guard_void(process.server, [&] { obey_orders(process.server, process.segment); });
  const auto command = row_.take_command();
  if (shm::action_of(command) == shm::Command::close) ordered_ = shm::code_of(command);
  return ordered_ != 0;
}

void WorkerRow::show() noexcept {
  const auto& client = client_.observer;
  const auto& origin = origin_.observer;
  const auto last = std::max(client_.heard, origin_.heard);
  const bool ending = client_.ended || origin_.ended || client.close_seen() || origin.close_seen();
  row_.show({.bytes = {client.bytes(), origin.bytes()},
             .messages = {client.messages(), origin.messages()},
             .active = static_cast<std::uint32_t>(apr_time_sec(std::max<apr_time_t>(last - started_, 0))),
             .rtt = {},
             .traits = ending ? shm::trait::kEnding : std::uint16_t{0}});
}

void send_close(conn_rec* to, bool masked, std::uint16_t code, const tunnel::Observer& from_other) noexcept {
  if (from_other.close_seen() || from_other.broken() || !from_other.at_boundary()) return;
  std::uint8_t frame[ws::kMaxCloseSize];
  const auto key = os::random32();
  const auto size = ws::encode_close(frame, code, {}, masked ? &key : nullptr);
  auto* brigade = apr_brigade_create(to->pool, to->bucket_alloc);
  apr_brigade_write(brigade, nullptr, nullptr, reinterpret_cast<const char*>(frame), size);
  APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(to->bucket_alloc));
  ap_pass_brigade(to->output_filters, brigade);
}

}  // namespace wsflow::httpd
