#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mod_wsflow/programs/load/histogram.hpp"
#include "mod_wsflow/programs/load/load_socket.hpp"

namespace wsflow::load {

// Of one kind of failure, or of one Close code.
struct Occurrences {
  std::uint64_t count = 0;
  std::int64_t first_us = 0;  // since the start of the run
  std::int64_t last_us = 0;
  std::string text;  // reason of the first Close frame of its code
};

// One second of a run.
struct Second {
  std::uint64_t second = 0;  // since the start
  std::uint64_t open = 0;    // sockets, at its end
  std::uint64_t launched = 0;
  std::uint64_t completed = 0;
  std::uint64_t failures = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  // Microseconds, of what was answered in it; 0: nothing was.
  std::uint64_t handshake_p50 = 0, handshake_p99 = 0, handshake_most = 0;
  std::uint64_t answer_p50 = 0, answer_p99 = 0, answer_most = 0;
};

// What a run counts. It adds up: launched = completed + refused + failed + given up + opening.
struct Tally {
  // Handshakes.
  std::uint64_t launched = 0;
  std::uint64_t completed = 0;  // with 101
  std::uint64_t refused = 0;    // with another status, or with a 101 that is wrong
  std::uint64_t failed = 0;     // without an answer
  std::uint64_t given_up = 0;   // the run was over first
  std::uint64_t again = 0;      // of those launched: by a client that had lost or not got its socket
  // Sockets.
  std::uint64_t opening = 0;
  std::uint64_t open = 0;
  std::uint64_t open_most = 0;
  std::uint64_t closed = 0;            // by us, and answered
  std::uint64_t closed_by_server = 0;  // with a Close frame
  std::uint64_t lost = 0;              // ended otherwise
  std::uint64_t unclosed = 0;          // did not answer our Close frame
  // Messages.
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t unanswered = 0;  // their socket or the run ended first
  std::uint64_t received = 0;    // that answer none
  std::uint64_t pings = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

  Histogram handshakes;
  Histogram answers;
  Histogram lag;  // how late this program was with what was due

  std::map<std::pair<Phase, std::string>, Occurrences> failures;
  std::map<std::uint16_t, Occurrences> close_codes;  // of the server
};

// Counts, in all and for each second.
class Recorder {
 public:
  explicit Recorder(std::int64_t start_us) : start_us_(start_us) {}

  void launched(bool again);
  void opened(std::int64_t took_us);
  void sent(std::int64_t late_us, std::uint64_t messages);
  void answered(std::int64_t took_us);
  // No answer, after all this time.
  void unanswered(std::int64_t waited_us);
  // `socket` has ended.
  void ended(const LoadSocket& socket, std::int64_t now_us);
  // A handshake for which there was no socket.
  void failed_to_begin(std::string kind, std::int64_t now_us);
  // Ends the seconds before this moment.
  void tick(std::int64_t now_us);
  // Ends the last second, too.
  void finish(std::int64_t now_us);
  // Counts from here on anew, but for what is open.
  void restart(std::int64_t now_us);

  std::int64_t start_us() const noexcept { return start_us_; }
  const Tally& tally() const noexcept { return tally_; }
  Tally& tally() noexcept { return tally_; }
  const std::vector<Second>& seconds() const noexcept { return seconds_; }

 private:
  void note_failure(Phase phase, const std::string& kind, std::int64_t now_us);
  void end_second();

  std::int64_t start_us_;
  Tally tally_;
  std::vector<Second> seconds_;
  Second now_;
  Histogram handshakes_;  // of this second
  Histogram answers_;
};

}  // namespace wsflow::load
