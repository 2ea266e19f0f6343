#include "mod_wsflow/status/action_drain.hpp"

#include <utility>

#include "mod_wsflow/status/action_close.hpp"
#include "mod_wsflow/ws/close_code.hpp"

namespace wsflow::status {

namespace {

constexpr int kDefaultPace = 10;
constexpr std::string_view kFields[] = {"server", "route", "code", "pace"};

base::Parsed<DrainAction> read(std::span<const Field> fields, std::span<const std::string_view> own) {
  if (auto wrong = wrong_field(fields, own)) return *std::move(wrong);
  if (auto wrong = unfit_text(fields)) return *std::move(wrong);
  const auto code = code_of(fields, ws::close_code::kServiceRestart);
  if (!code) return base::Wrong{code.wrong()};
  const auto pace = number_of(fields, "pace", 0, kMostPace, kDefaultPace);
  if (!pace) return base::Wrong{pace.wrong()};
  const DrainAction action{.server = value_of(fields, "server"),
                           .route = value_of(fields, "route"),
                           .code = static_cast<std::uint16_t>(*code),
                           .pace = *pace};
  if (action.route.empty()) return base::Wrong{"route is missing: as routes of ?json name it"};
  if (action.server.empty()) return base::Wrong{"server is missing: as routes of ?json name it"};
  return action;
}

}  // namespace

base::Parsed<DrainAction> read_drain_action(std::span<const Field> fields) {
  return read(fields, kFields);
}

base::Parsed<DrainAction> read_undrain_action(std::span<const Field> fields) {
  return read(fields, std::span(kFields).first(2));
}

}  // namespace wsflow::status
