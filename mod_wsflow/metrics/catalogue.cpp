#include "mod_wsflow/metrics/catalogue.hpp"

namespace wsflow::metrics {

namespace {

constexpr const char* kOpcodeNames[kOpcodeClasses] = {"continuation", "text", "binary",  "close",
                                                      "ping",         "pong", "reserved"};
constexpr const char* kCloseNames[kCloseCodes] = {"1000", "1001", "1002", "1003", "1004", "1005", "1006",
                                                  "1007", "1008", "1009", "1010", "1011", "1012", "1013",
                                                  "1014", "1015", "3xxx", "4xxx", "other"};

constexpr Family kFamilies[] = {
    {"wsflow_tunnels_opened_total", "", "Tunnels that were opened.", kTunnelsOpened, 1},
    {"wsflow_tunnels_opened_worker_total", "", "Tunnels that were opened on a worker thread.",
     kTunnelsOpenedWorker, 1},
    {"wsflow_tunnels_total", "outcome", "Tunnels that have ended, by how they ended.", kTunnelsEnded,
     base::kOutcomes},
    {"wsflow_refusals_total", "reason", "Handshakes that got no tunnel, by reason.", kRefused,
     base::kRefusals},
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
};

constexpr Family kHistograms[] = {
    {"wsflow_ping_rtt_seconds", "peer", "Round-trip times of pings.", kPingRtt, kDirections},
};

}  // namespace

const char* name(Direction direction) noexcept {
  return direction == Direction::client_to_origin ? "client_to_origin" : "origin_to_client";
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

std::span<const Family> families() noexcept {
  return kFamilies;
}

std::span<const Family> histograms() noexcept {
  return kHistograms;
}

}  // namespace wsflow::metrics
