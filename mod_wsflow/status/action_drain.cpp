#include "mod_wsflow/status/action_drain.hpp"

#include "mod_wsflow/status/action_close.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::status {

namespace {

constexpr int kDefaultPace = 10;
constexpr std::string_view kFields[] = {"server", "route", "code", "pace"};

std::optional<DrainAction> read(std::span<const Field> fields, std::span<const std::string_view> own,
                                std::string& wrong) {
  wrong = wrong_field(fields, own);
  if (wrong.empty()) wrong = unfit_text(fields);
  if (!wrong.empty()) return std::nullopt;
  const auto code = code_of(fields, ws::close_code::kServiceRestart, wrong);
  if (!code) return std::nullopt;
  const auto pace = number_of(fields, "pace", 0, kMostPace, kDefaultPace, wrong);
  if (!pace) return std::nullopt;
  const DrainAction action{.server = value_of(fields, "server"),
                           .route = value_of(fields, "route"),
                           .code = static_cast<std::uint16_t>(*code),
                           .pace = *pace};
  if (!action.server.empty() && !action.route.empty()) return action;
  wrong = action.route.empty() ? "route is missing: as routes of ?json name it"
                               : "server is missing: as routes of ?json name it";
  return std::nullopt;
}

}  // namespace

std::optional<DrainAction> read_drain_action(std::span<const Field> fields, std::string& wrong) {
  return read(fields, kFields, wrong);
}

std::optional<DrainAction> read_undrain_action(std::span<const Field> fields, std::string& wrong) {
  return read(fields, std::span(kFields).first(2), wrong);
}

}  // namespace wsflow::status
