#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::tunnel {

// The party that ended a tunnel. `nobody`: this server.
enum class EndedBy : std::uint8_t { client, origin, nobody };

// Codes of the Close frames that we send to each side. 0: no frame.
struct CloseCodes {
  std::uint16_t client = 0;
  std::uint16_t origin = 0;
};

// What a client is told of an end, where it is there to be told. WSFlowCloseCode knows each by its name, and
// docs/close-codes.md gives the reasons for the codes; both are checked against this table. The codes are
// those after which the most client libraries come back (docs/clients.md).
enum class Notice : std::uint8_t {
  origin_lost,
  origin_fault,
  idle_timeout,
  lifetime,
  server_stop,
  server_restart,
  too_big,
  too_fast,
  not_websocket,
  none
};
inline constexpr std::size_t kNotices = static_cast<std::size_t>(Notice::none);
struct NoticeRow {
  Notice notice;
  std::string_view name;    // in WSFlowCloseCode
  std::uint16_t code;       // by default
  std::string_view reason;  // the text of the Close frame (RFC 6455 5.5.1)
};
inline constexpr NoticeRow kNoticeRows[] = {
    {Notice::origin_lost, "origin-lost", 1012, "origin lost"},
    {Notice::origin_fault, "origin-fault", 1012, "origin fault"},
    {Notice::idle_timeout, "idle-timeout", 1001, "idle"},
    {Notice::lifetime, "lifetime", 1012, "lifetime over"},
    {Notice::server_stop, "server-stop", 1001, "server stop"},
    {Notice::server_restart, "server-restart", 1012, "server restart"},
    {Notice::too_big, "too-big", 1009, "message too big"},
    {Notice::too_fast, "too-fast", 1008, "too many messages"},
    {Notice::not_websocket, "not-websocket", 1002, "not WebSocket"},
};
static_assert(std::size(kNoticeRows) == kNotices);

// The codes to clients, by Notice.
using ClientCodes = std::array<std::uint16_t, kNotices>;
inline constexpr ClientCodes kDefaultClientCodes = [] {
  ClientCodes codes{};
  for (const auto& row : kNoticeRows) codes[static_cast<std::size_t>(row.notice)] = row.code;
  return codes;
}();

// Whom an end is told, and how. A side that is gone gets no frame; a side that has sent a Close frame gets
// its own code back. `to_origin`: 0: no frame.
struct Ending {
  base::Outcome outcome;
  EndedBy cause;
  Notice to_client;
  std::uint16_t to_origin;
  std::string_view origin_reason;
};
inline constexpr Ending kEndings[] = {
    {base::Outcome::client_eof, EndedBy::client, Notice::none, 1001, "client lost"},
    {base::Outcome::client_reset, EndedBy::client, Notice::none, 1001, "client lost"},
    {base::Outcome::origin_eof, EndedBy::origin, Notice::origin_lost, 0, ""},
    {base::Outcome::origin_reset, EndedBy::origin, Notice::origin_lost, 0, ""},
    {base::Outcome::server_stop, EndedBy::nobody, Notice::server_stop, 1001, "server stop"},
    {base::Outcome::server_restart, EndedBy::nobody, Notice::server_restart, 1001, "server restart"},
    {base::Outcome::idle_timeout, EndedBy::nobody, Notice::idle_timeout, 1001, "idle"},
    {base::Outcome::ping_timeout, EndedBy::client, Notice::none, 1001, "client lost"},
    {base::Outcome::ping_timeout, EndedBy::origin, Notice::origin_lost, 0, ""},
    {base::Outcome::stalled, EndedBy::client, Notice::none, 1001, "client lost"},
    {base::Outcome::stalled, EndedBy::origin, Notice::origin_lost, 0, ""},
    {base::Outcome::lifetime, EndedBy::nobody, Notice::lifetime, 1001, "lifetime over"},
    {base::Outcome::too_big, EndedBy::client, Notice::too_big, 1001, "client fault"},
    {base::Outcome::too_big, EndedBy::origin, Notice::origin_fault, 1009, "message too big"},
    {base::Outcome::too_fast, EndedBy::client, Notice::too_fast, 1001, "client fault"},
    {base::Outcome::too_fast, EndedBy::origin, Notice::origin_fault, 1008, "too many messages"},
    {base::Outcome::not_websocket, EndedBy::client, Notice::not_websocket, 1001, "client fault"},
    {base::Outcome::not_websocket, EndedBy::origin, Notice::origin_fault, 1002, "not WebSocket"},
};

// nullptr: the outcome brings its own codes (drained, ordered), or needs no frame of ours.
constexpr const Ending* find_ending(base::Outcome outcome, EndedBy cause) noexcept {
  const auto* found = std::find_if(std::begin(kEndings), std::end(kEndings), [&](const Ending& ending) {
    return ending.outcome == outcome && ending.cause == cause;
  });
  return found != std::end(kEndings) ? found : nullptr;
}

constexpr CloseCodes close_codes(base::Outcome outcome, EndedBy cause, const ClientCodes& clients) noexcept {
  const auto* ending = find_ending(outcome, cause);
  if (ending == nullptr) return {};
  const bool told = ending->to_client != Notice::none;
  return {.client = told ? clients[static_cast<std::size_t>(ending->to_client)] : std::uint16_t{0},
          .origin = ending->to_origin};
}

// The text of the Close frame of such an end.
constexpr std::string_view close_reason(base::Outcome outcome, EndedBy cause, bool to_client) noexcept {
  if (outcome == base::Outcome::drained) return "draining";
  if (outcome == base::Outcome::ordered) return "closed by operator";
  const auto* ending = find_ending(outcome, cause);
  if (ending == nullptr) return {};
  if (!to_client) return ending->origin_reason;
  return ending->to_client != Notice::none ? kNoticeRows[static_cast<std::size_t>(ending->to_client)].reason
                                           : std::string_view();
}

static_assert(std::all_of(std::begin(kNoticeRows), std::end(kNoticeRows), [](const NoticeRow& row) {
  return ws::may_appear_on_wire(row.code) && &row == &kNoticeRows[static_cast<std::size_t>(row.notice)];
}));
static_assert(std::all_of(std::begin(kEndings), std::end(kEndings), [](const Ending& ending) {
  return ending.to_origin == 0 || ws::may_appear_on_wire(ending.to_origin);
}));

}  // namespace wsflow::tunnel
