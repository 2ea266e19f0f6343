#include "mod_wsflow/metrics/catalogue.hpp"

#include <algorithm>
#include <iterator>

namespace wsflow::metrics {

namespace {

constexpr const char* kOpcodeNames[kOpcodeClasses] = {"continuation", "text", "binary",  "close",
                                                      "ping",         "pong", "reserved"};
constexpr const char* kCloseNames[kCloseCodes] = {"1000", "1001", "1002", "1003", "1004", "1005", "1006",
                                                  "1007", "1008", "1009", "1010", "1011", "1012", "1013",
                                                  "1014", "1015", "3xxx", "4xxx", "other"};

const char* result_name(std::size_t index) noexcept {
  return index == 0 ? "upgraded" : base::name(static_cast<base::HandshakeRefusal>(index - 1));
}

constexpr Label kLabels[] = {
    {"", 1, [](std::size_t) noexcept { return ""; }},
    {"outcome", base::kOutcomes,
     [](std::size_t index) noexcept { return base::name(static_cast<base::Outcome>(index)); }},
    {"result", base::kHandshakeRefusals + 1, result_name},
    {"direction", kDirections,
     [](std::size_t index) noexcept { return name(static_cast<Direction>(index)); }},
    {"opcode", kOpcodeClasses, opcode_class_name},
    {"from", kDirections, sender_name},
    {"peer", kDirections, sender_name},
    {"code", kCloseCodes, close_code_name},
};

constexpr Family kFamilies[] = {
    {"wsflow_tunnels_total", "outcome", "Tunnels that have ended, by how they ended.", kTunnelsEnded,
     base::kOutcomes},
    {"wsflow_handshakes_total", "result", "Handshakes that got a tunnel, or why they got none.",
     kTunnelsOpened, base::kHandshakeRefusals + 1},
    {"wsflow_tunnels_opened_worker_total", "", "Tunnels that were opened on a worker thread.",
     kTunnelsOpenedWorker, 1},
    {"wsflow_relayed_bytes_total", "direction", "Bytes relayed.", kBytes, kDirections},
    {"wsflow_relayed_messages_total", "direction", "WebSocket messages whose last frame was seen.", kMessages,
     kDirections},
    {"wsflow_relayed_frames_total", "direction,opcode", "WebSocket frames whose header was seen.", kFrames,
     kDirections* kOpcodeClasses},
    {"wsflow_close_codes_total", "from,code", "Close frames, by sender and code.", kCloses,
     kDirections* kCloseCodes},
    {"wsflow_not_websocket_total", "", "Directions of tunnels whose bytes were no WebSocket frames.",
     kNotWebSocket, 1},
    {"wsflow_origin_reports_total", "",
     "Handshakes that WSFlowOrigin would have refused without report-only.", kOriginReports, 1},
    {"wsflow_pings_total", "peer", "Pings sent to peers that were quiet.", kPings, kDirections},
    {"wsflow_log_lines_total", "", "Lines written to tunnel logs.", kLogLines, 1},
    {"wsflow_log_lines_lost_total", "", "Lines of tunnel logs that could not be written.", kLogLinesLost, 1},
};

constexpr TimesFamily kHistograms[] = {
    {"wsflow_handshake_seconds", "", "Times from a request to its 101.", kHandshakeTimes, 1, kHandshakes},
    {"wsflow_tunnel_seconds", "", "Lifetimes of tunnels that have ended.", kTunnelTimes, 1, kLifetimes},
    {"wsflow_ping_rtt_seconds", "peer", "Round-trip times of pings.", kPingRtt, kDirections, kRtt},
    {"wsflow_acquire_wait_seconds", "", "Waits for permits of limits, in vain or not.", kAcquireWaits, 1,
     kWaits},
};

constexpr ReadingFamily kReadingFamilies[] = {
    {"wsflow_build_info", "version", "The module."},
    {"wsflow_generation", "", "Generation of the configuration; grows with each reload."},
    {"wsflow_processes", "kind", "Processes with tunnels, or ready for them."},
    {"wsflow_tunnels_active", "", "Tunnels that are open now."},
    {"wsflow_tunnels_active_worker", "", "Tunnels that hold a worker thread now."},
    {"wsflow_tunnels_max", "", "Tunnels that httpd's children take at most, all together."},
    {"wsflow_buffered_bytes", "", "Bytes that wait for slow readers now."},
    {"wsflow_permits_in_use", "limit", "Permits that are held now."},
    {"wsflow_permits_limit", "limit",
     "Permits that there are; +Inf for any number and for a limit with keys."},
    {"wsflow_permits_key_limit", "limit", "Permits that there are for each key of a limit with keys."},
    {"wsflow_permits_waiting", "limit", "Requests that wait for a permit now."},
    {"wsflow_permits_needed", "limit",
     "Permits that the load of the last minute needs; where refusals cannot be valued yet, at least."},
    {"wsflow_limit_keys", "limit", "Keys that a limit counts now."},
    {"wsflow_limit_requests_total", "limit", "Requests that asked for a permit."},
    {"wsflow_admissions_total", "limit", "Requests that got a permit."},
    {"wsflow_refusals_total", "limit,reason", "Requests that a limit has refused, by reason."},
    {"wsflow_dry_refusals_total", "limit", "Requests that a limit would have refused, but for dry-run."},
};

}  // namespace

const char* name(Direction direction) noexcept {
  return direction == Direction::client_to_origin ? "client_to_origin" : "origin_to_client";
}

const char* sender_name(std::size_t direction) noexcept {
  return direction == static_cast<std::size_t>(Direction::client_to_origin) ? "client" : "origin";
}

const char* opcode_class_name(std::size_t index) noexcept {
  return kOpcodeNames[index];
}

std::size_t close_code_index(std::uint16_t code) noexcept {
  if (code >= 1000 && code <= 1015) return code - 1000U;
  if (code >= 3000 && code <= 3999) return 16;
  if (code >= 4000 && code <= 4999) return 17;
  return 18;
}

const char* close_code_name(std::size_t index) noexcept {
  return kCloseNames[index];
}

const Label& label(std::string_view name) noexcept {
  const auto* found = std::find_if(std::begin(kLabels), std::end(kLabels),
                                   [&](const Label& label) { return label.name == name; });
  return found != std::end(kLabels) ? *found : kLabels[0];
}

std::span<const Family> families() noexcept {
  return kFamilies;
}

std::span<const TimesFamily> histograms() noexcept {
  return kHistograms;
}

std::span<const ReadingFamily, kReadings> readings() noexcept {
  return kReadingFamilies;
}

}  // namespace wsflow::metrics
