#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mod_wsflow/metrics/label_values.hpp"
#include "mod_wsflow/metrics/times.hpp"
#include "mod_wsflow/shm/layout.hpp"

// The one table of counters: all that counts, adds up or shows them takes its places and names from here. A
// new counter is a row, and a constant at the end of this file by which code counts it.
namespace wsflow::metrics {

// Which values of its family's first label a number is about.
enum class Part : std::uint8_t { all, first, rest };

// A number as JSON, the lines of ?auto and the page show it, each where its field is set. `<label>` stands
// for each value of that label; labels of the family that are not named there are added up.
struct Shown {
  const char* json = nullptr;    // path of its key
  const char* line = nullptr;    // end of its key, behind "WSFlow"
  Part part = Part::all;         // of the family
  bool sparse = false;           // zeros are left out of JSON
  const char* title = nullptr;   // table of the page for it alone: a row for each value that is not 0
  const char* column = nullptr;  // without a title: column of the page's table of what was relayed
};

// A family of counters as users see it. The last of its labels goes through its values first.
struct Family {
  const char* metric;  // name of the metric
  const char* labels;  // names of its labels, comma separated; "" for none
  const char* help;
  Shown shown[3];         // those with a path or a line
  std::size_t first = 0;  // of its counters in a slot: numbered() sets both
  std::size_t count = 0;
};

// Times as JSON and the lines of ?auto show them, each where its field is set.
struct ShownTimes {
  const char* spread = nullptr;       // key in JSON of an object of their count, mean and percentiles
  double unit = 1;                    // of that object: so many to a second
  const char* json_count = nullptr;   // path in JSON of how many there are
  const char* json_mean = nullptr;    // path in JSON of their mean, a whole number in their unit
  const char* percentiles = nullptr;  // lines of their percentiles begin so, behind "WSFlow"
  const char* line_count = nullptr;   // the line of how many there are ends so
};

// A family of times. Each combination of its labels has the counters of `times`.
struct TimesFamily {
  const char* metric;
  const char* labels;
  const char* help;
  Times times;
  std::size_t longest;  // counter of the longest of them; 0: not kept
  ShownTimes shown;
  std::size_t first = 0;  // of its counters in a slot: numbered() sets both
  std::size_t count = 0;  // combinations of its labels
};

// The longest of each kind of times, in its unit.
inline constexpr std::size_t kLongestHandshake = shm::kGreatestCounter;
inline constexpr std::size_t kLongestTunnel = kLongestHandshake + 1;
inline constexpr std::size_t kLongestWait = kLongestTunnel + 1;
static_assert(kLongestWait < shm::kCounterCapacity);

// In the order of their counters in a slot, and of the metrics.
inline constexpr Family kFamilies[] = {
    {"wsflow_tunnels_total",
     "outcome",
     "Tunnels that have ended, by how they ended.",
     {{.json = "tunnels.ended.<outcome>",
       .line = "Ended<outcome>",
       .title = "How tunnels ended",
       .column = "outcome"}}},
    {"wsflow_handshakes_total",
     "result",
     "Handshakes that got a tunnel, or why they got none.",
     {{.json = "tunnels.total", .line = "TunnelsTotal", .part = Part::first},
      {.json = "tunnels.refused", .line = "Refused", .part = Part::rest},
      {.json = "tunnels.refused_by.<result>",
       .line = "Refused<result>",
       .part = Part::rest,
       .title = "Why handshakes got no tunnel",
       .column = "reason"}}},
    {"wsflow_tunnels_opened_worker_total",
     "",
     "Tunnels that were opened on a worker thread.",
     {{.json = "tunnels.total_worker", .line = "TunnelsTotalWorker"}}},
    {"wsflow_relayed_bytes_total",
     "direction",
     "Bytes relayed.",
     {{.json = "relayed.<direction>.bytes", .line = "Bytes<direction>", .column = "bytes"}}},
    {"wsflow_relayed_messages_total",
     "direction",
     "WebSocket messages whose last frame was seen.",
     {{.json = "relayed.<direction>.messages", .line = "Messages<direction>", .column = "messages"}}},
    {"wsflow_relayed_frames_total",
     "direction,opcode",
     "WebSocket frames whose header was seen.",
     {{.json = "relayed.<direction>.frames.<opcode>", .line = "Frames<direction>", .column = "frames"}}},
    {"wsflow_close_codes_total",
     "from,code",
     "Close frames, by sender and code.",
     {{.json = "close_codes.<from>.<code>",
       .sparse = true,
       .title = "Close codes of <from>s",
       .column = "code"}}},
    {"wsflow_not_websocket_total",
     "",
     "Directions of tunnels whose bytes were no WebSocket frames.",
     {{.json = "tunnels.not_websocket", .line = "NotWebSocket"}}},
    {"wsflow_origin_reports_total",
     "",
     "Handshakes that WSFlowOrigin would have refused without report-only.",
     {{.json = "tunnels.origin_reports", .line = "OriginReports"}}},
    {"wsflow_connections_passed_total",
     "",
     "New connections that a full child passed on to a sibling with room.",
     {{.json = "tunnels.connections_passed", .line = "ConnectionsPassed"}}},
    {"wsflow_refused_again_total",
     "",
     "Refused handshakes whose client had been refused ten times in the same minute already.",
     {{.json = "tunnels.refused_again", .line = "RepeatedRefusals"}}},
    {"wsflow_pings_total", "peer", "Pings sent to peers that were quiet.", {{.json = "pings.<peer>.sent"}}},
    {"wsflow_presence_joins_total",
     "",
     "Keys of presence lists whose first socket in a process came.",
     {{.json = "presence.joins", .line = "PresenceJoins"}}},
    {"wsflow_presence_leaves_total",
     "",
     "Keys of presence lists whose last socket in a process went.",
     {{.json = "presence.leaves", .line = "PresenceLeaves"}}},
    {"wsflow_presence_rows_total",
     "",
     "Changes that the presence store has taken.",
     {{.json = "presence.rows", .line = "PresenceRows"}}},
    {"wsflow_presence_batches_total",
     "",
     "Batches that the presence store has taken.",
     {{.json = "presence.batches", .line = "PresenceBatches"}}},
    {"wsflow_presence_failures_total",
     "",
     "Times that the presence store could not be reached, or refused a batch.",
     {{.json = "presence.failures", .line = "PresenceFailures"}}},
    {"wsflow_presence_lost_total",
     "",
     "Sessions that found no room to wait for the presence store, and are not in its history.",
     {{.json = "presence.lost", .line = "PresenceLost"}}},
    {"wsflow_presence_events_total",
     "",
     "Joins and leaves that an application was told.",
     {{.json = "presence.events", .line = "PresenceEvents"}}},
    {"wsflow_log_lines_total",
     "",
     "Lines written to tunnel logs.",
     {{.json = "log.lines", .line = "LogLines"}}},
    {"wsflow_log_lines_lost_total",
     "",
     "Lines of tunnel logs that could not be written.",
     {{.json = "log.lost", .line = "LogLinesLost"}}},
};

// Their counters stand behind those above.
inline constexpr TimesFamily kHistograms[] = {
    {"wsflow_handshake_seconds",
     "",
     "Times from a request to its 101.",
     kHandshakes,
     kLongestHandshake,
     {.spread = "handshake_ms", .unit = 1000, .percentiles = "Handshake"}},
    {"wsflow_tunnel_seconds",
     "",
     "Lifetimes of tunnels that have ended.",
     kLifetimes,
     kLongestTunnel,
     {.spread = "lifetime_s"}},
    {"wsflow_ping_rtt_seconds",
     "peer",
     "Round-trip times of pings.",
     kRtt,
     0,
     {.json_count = "pings.<peer>.measured", .json_mean = "pings.<peer>.rtt_mean_ms"}},
    {"wsflow_acquire_wait_seconds",
     "",
     "Waits for permits of limits, in vain or not.",
     kWaits,
     kLongestWait,
     {.spread = "acquire_wait_ms", .unit = 1000, .line_count = "AcquireWaits"}},
};

// Rows with their counters: one row's stand behind those of the row before, from `first` on.
template <class Row, std::size_t Rows>
consteval std::array<Row, Rows> numbered(const Row (&rows)[Rows], std::size_t first) {
  auto result = std::to_array(rows);
  for (auto& row : result) {
    row.first = first;
    row.count = combinations(row.labels);
    if constexpr (requires { row.times; }) {
      first += row.count * row.times.counters();
    } else {
      first += row.count;
    }
  }
  return result;
}
inline constexpr auto kNumberedFamilies = numbered(kFamilies, shm::kEndedCounter);
inline constexpr std::size_t kFirstTimes = kNumberedFamilies.back().first + kNumberedFamilies.back().count;
inline constexpr auto kNumberedHistograms = numbered(kHistograms, kFirstTimes);
inline constexpr std::size_t kCounters =
    kNumberedHistograms.back().first +
    kNumberedHistograms.back().count * kNumberedHistograms.back().times.counters();
static_assert(kCounters <= shm::kGreatestCounter);

// The row of a metric. A name that has none does not compile: it looks beyond the table.
template <class Row, std::size_t Rows>
consteval const Row& row(const std::array<Row, Rows>& rows, std::string_view metric) {
  std::size_t index = 0;
  while (rows[index].metric != metric) ++index;
  return rows[index];
}

// The counters of a metric by their labels: kFrames(direction, opcode) is the index in a slot of one of them,
// `first` that of the first one. Its values must be those of the metric's labels, less `skipped` of a sole
// label.
template <class... Values>
struct CounterIndex {
  static constexpr std::size_t kCount = (kValues<Values> * ...);
  consteval explicit CounterIndex(std::string_view metric, std::size_t skipped = 0)
      : first(row(kNumberedFamilies, metric).first + skipped) {
    // Out of bounds, and so no constant, where the counts differ.
    constexpr bool kEqual[] = {true};
    static_cast<void>(kEqual[row(kNumberedFamilies, metric).count - skipped - kCount]);
  }
  constexpr std::size_t operator()(Values... values) const noexcept {
    std::size_t index = 0;
    ((index = index * kValues<Values> + static_cast<std::size_t>(values)), ...);
    return first + index;
  }

  std::size_t first;
};
consteval std::size_t counter(std::string_view metric) {
  return row(kNumberedFamilies, metric).first;
}
// The first bucket of a metric's times.
consteval std::size_t first_bucket(std::string_view metric) {
  return row(kNumberedHistograms, metric).first;
}

// The counters by name.
inline constexpr CounterIndex<base::Outcome> kTunnelsEnded{"wsflow_tunnels_total"};
inline constexpr std::size_t kTunnelsOpened = counter("wsflow_handshakes_total");
inline constexpr CounterIndex<base::HandshakeRefusal> kRefused{"wsflow_handshakes_total", 1};
inline constexpr std::size_t kTunnelsOpenedWorker = counter("wsflow_tunnels_opened_worker_total");
inline constexpr CounterIndex<Direction> kBytes{"wsflow_relayed_bytes_total"};
inline constexpr CounterIndex<Direction> kMessages{"wsflow_relayed_messages_total"};
inline constexpr CounterIndex<Direction, OpcodeClass> kFrames{"wsflow_relayed_frames_total"};
inline constexpr CounterIndex<Direction, CloseClass> kCloses{"wsflow_close_codes_total"};  // by sender
inline constexpr std::size_t kNotWebSocket = counter("wsflow_not_websocket_total");
inline constexpr std::size_t kOriginReports = counter("wsflow_origin_reports_total");
inline constexpr std::size_t kConnectionsPassed = counter("wsflow_connections_passed_total");
inline constexpr std::size_t kRefusedAgain = counter("wsflow_refused_again_total");
inline constexpr CounterIndex<Direction> kPings{"wsflow_pings_total"};  // by the peer that is pinged
inline constexpr std::size_t kPresenceJoins = counter("wsflow_presence_joins_total");
inline constexpr std::size_t kPresenceLeaves = counter("wsflow_presence_leaves_total");
inline constexpr std::size_t kPresenceRows = counter("wsflow_presence_rows_total");
inline constexpr std::size_t kPresenceBatches = counter("wsflow_presence_batches_total");
inline constexpr std::size_t kPresenceFailures = counter("wsflow_presence_failures_total");
inline constexpr std::size_t kPresenceLost = counter("wsflow_presence_lost_total");
inline constexpr std::size_t kPresenceEvents = counter("wsflow_presence_events_total");
inline constexpr std::size_t kLogLines = counter("wsflow_log_lines_total");
inline constexpr std::size_t kLogLinesLost = counter("wsflow_log_lines_lost_total");
inline constexpr std::size_t kHandshakeTimes = first_bucket("wsflow_handshake_seconds");
inline constexpr std::size_t kTunnelTimes = first_bucket("wsflow_tunnel_seconds");
inline constexpr std::size_t kAcquireWaits = first_bucket("wsflow_acquire_wait_seconds");
constexpr std::size_t ping_rtt(Direction peer) noexcept {  // first bucket
  return first_bucket("wsflow_ping_rtt_seconds") + static_cast<std::size_t>(peer) * kRttCounters;
}
// Those that shm/ must know itself.
static_assert(kTunnelsEnded.first == shm::kEndedCounter && kTunnelsOpened == shm::kOpenedCounter);

std::span<const Family> families() noexcept;
std::span<const TimesFamily> histograms() noexcept;

// What is not counted in slots, but read where it is: of httpd, of the processes, of the limits.
enum class Reading : std::uint8_t {
  build_info,
  generation,
  processes,
  tunnels_active,
  tunnels_active_worker,
  tunnels_max,
  buffered,
  start_time,
  descriptors_open,
  descriptors_share,
  httpd_workers,
  worker_usable,
  route_tunnels,
  route_handshakes,
  route_handshake_seconds,
  route_bytes,
  route_close_codes,
  presence_keys,
  presence_sockets,
  presence_waiting,
  presence_lag,
  presence_failing,
  permits_in_use,
  permits_limit,
  permits_key_limit,
  permits_key_most,
  permits_waiting,
  permits_needed,
  limit_keys,
  limit_requests,
  limit_admissions,
  limit_refusals,
  limit_dry_refusals,
  cluster_share,
  cluster_others,
  cluster_lease,
  cluster_keys,
  cluster_keys_asked,
  cluster_keys_denied,
  cluster_answers,
  cluster_failures,
};
inline constexpr std::size_t kReadings = 41;
// By Reading. What ends with _total grows, what ends with _info is always 1.
struct ReadingFamily {
  const char* metric;
  const char* labels;
  const char* help;
};
std::span<const ReadingFamily, kReadings> readings() noexcept;

// So many of the labels (server, route, origin), the first that were used, have series of their own, and so
// many of mod_proxy's workers. All others together are one of each, in whose labels kOthers stands.
inline constexpr std::size_t kOwnSeries = 100;
inline constexpr std::string_view kOthers = "others";

}  // namespace wsflow::metrics
