#pragma once

#include <span>
#include <string>
#include <vector>

#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/cluster/connection.hpp"
#include "mod_wsflow/cluster/key_round.hpp"

namespace wsflow::cluster {

// The part of one process in the sharing of limits: it speaks with the database while it is its turn. Used by
// one thread, which may wait as long as the time-out of the settings.
class Node {
 public:
  // All references are borrowed, and live as long as the process. The time-out of the connection is that of
  // `settings`.
  Node(const limits::LimitsAccess& access, std::uint32_t slot, Connection connection,
       const Settings& settings, base::LogSink& log)
      : access_(access), slot_(slot), settings_(settings), log_(log), connection_(std::move(connection)) {}

  // Asks the database, if that is due. Returns when to come again.
  Micros turn();
  // Leaves the work to the other processes.
  void leave() noexcept;

 private:
  void back_off(bool answered) noexcept;
  std::string exchange(const char* lua, std::size_t keys, std::span<const std::string> words,
                       std::vector<std::string>& elements, bool& again);
  bool ask();
  bool ask_keys();
  void tell(const News& news, std::string_view error) noexcept;

  const limits::LimitsAccess& access_;
  const std::uint32_t slot_;
  const Settings settings_;
  base::LogSink& log_;
  Connection connection_;
  Request request_;
  KeyRequest keys_;
  Micros looked_ = 0;    // boot time of the last turn
  Micros retry_ = 0;     // boot time; 0: at once
  Micros back_off_ = 0;  // of the next failure
};

}  // namespace wsflow::cluster
