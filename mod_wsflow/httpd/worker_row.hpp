#pragma once

#include <cstdint>
#include <utility>

#include "mod_wsflow/httpd/connection_filters.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"

namespace wsflow::httpd {

// The row of a tunnel that holds a worker thread: tells what has passed, and takes commands. That thread
// alone.
class WorkerRow {
 public:
  WorkerRow(shm::RowPlace row, const Watch& client, const Watch& origin) noexcept
      : row_(std::move(row)), client_(client), origin_(origin) {}
  ~WorkerRow() { show(); }
  WorkerRow(const WorkerRow&) = delete;
  WorkerRow& operator=(const WorkerRow&) = delete;

  // How often the row is looked after, at least.
  static constexpr apr_interval_time_t kRound = apr_time_from_sec(1);
  // Looks after it, if it is time. Whether the tunnel is to end.
  bool look(apr_time_t now) noexcept;
  // The Close code with which it is to end; 0: nobody has ordered that.
  std::uint16_t ordered() const noexcept { return ordered_; }

 private:
  void show() noexcept;

  shm::RowPlace row_;
  const Watch& client_;  // borrowed, as the next
  const Watch& origin_;
  const apr_time_t started_ = apr_time_now();
  apr_time_t next_ = started_ + kRound;
  std::uint16_t ordered_ = 0;
};

// Sends a Close frame to a side, behind what `from_other` has seen of the other side. Not in the middle of a
// frame, nor behind another Close frame.
void send_close(conn_rec* to, bool masked, std::uint16_t code, const tunnel::Observer& from_other) noexcept;

}  // namespace wsflow::httpd
