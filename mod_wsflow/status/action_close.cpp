#include "mod_wsflow/status/action_close.hpp"

#include <charconv>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/shm/address.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::status {

namespace {

constexpr std::string_view kFields[] = {"id",     "client", "user", "server", "route",
                                        "origin", "limit",  "key",  "code",   "pace"};

// A tunnel's id as the tables write it; nothing if the text is none.
std::optional<std::uint64_t> tunnel_id(std::string_view text) noexcept {
  constexpr std::size_t kDigits = 16;
  std::uint64_t id = 0;
  const auto* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, id, 16);
  const bool whole = text.size() == kDigits && result.ec == std::errc{} && result.ptr == end;
  return whole && id != 0 ? std::optional(id) : std::nullopt;
}

// Reads which tunnels are meant; what is wrong, or nothing.
std::optional<base::Wrong> read_choice(std::span<const Field> fields, CloseAction& action) {
  const Field id{.name = "id", .value = value_of(fields, "id")};
  const Field client{.name = "client", .value = value_of(fields, "client")};
  if (!id.value.empty()) {
    action.id = tunnel_id(id.value);
    if (!action.id) return base::Wrong{said(id) + ": legal are the 16 hexadecimal digits of a tunnel"};
  }
  if (!client.value.empty()) {
    action.client = shm::Address::of(client.value).text();
    if (action.client.empty()) return not_legal(client, "an IPv4 or IPv6 address");
  }
  if (action.limit.empty() != action.key.empty())
    return base::Wrong{"key and limit go together: the key, and the name of the limit that has it"};
  const bool any = action.id || !action.client.empty() || !action.user.empty() || !action.server.empty() ||
                   !action.route.empty() || !action.origin.empty() || !action.key.empty();
  if (any) return std::nullopt;
  return base::Wrong{"which tunnels? Give id, client, user, server, route, origin, or limit and key"};
}

}  // namespace

base::Parsed<CloseAction> read_close_action(std::span<const Field> fields) {
  if (auto wrong = wrong_field(fields, kFields)) return *std::move(wrong);
  if (auto wrong = unfit_text(fields)) return *std::move(wrong);
  const auto code = code_of(fields, ws::close_code::kGoingAway);
  if (!code) return base::Wrong{code.wrong()};
  const auto pace = number_of(fields, "pace", 0, kMostPace, 0);
  if (!pace) return base::Wrong{pace.wrong()};
  CloseAction action{.id = {},
                     .client = {},
                     .user = value_of(fields, "user"),
                     .server = value_of(fields, "server"),
                     .route = value_of(fields, "route"),
                     .origin = value_of(fields, "origin"),
                     .limit = value_of(fields, "limit"),
                     .key = value_of(fields, "key"),
                     .code = static_cast<std::uint16_t>(*code),
                     .pace = *pace};
  if (auto wrong = read_choice(fields, action)) return *std::move(wrong);
  return action;
}

std::string told(const CloseAction& action) {
  std::string text;
  const auto add = [&](const char* what, std::string_view value) {
    if (!value.empty()) text.append(text.empty() ? "" : ", ").append(what).append(" ").append(value);
  };
  if (action.id) add("id", base::Text<16>().id(*action.id).view());
  add("client", action.client);
  add("user", action.user);
  add("server", action.server);
  add("route", action.route);
  add("origin", action.origin);
  add("limit", action.limit);
  add("key", action.key);
  return text;
}

}  // namespace wsflow::status
