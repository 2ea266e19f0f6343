// wsflow-doctor: what stops an httpd with mod_wsflow from carrying so many tunnels (docs/doctor.md).

#include <unistd.h>

#include <string>

#include "mod_wsflow/programs/doctor/look.hpp"
#include "mod_wsflow/programs/doctor/report.hpp"
#include "mod_wsflow/version.h"

namespace {

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

int fail(const std::string& sentence) {
  write_all(2, "wsflow-doctor: " + sentence + "\n");
  return 3;
}

}  // namespace

int main(int count, char** words) {
  using namespace wsflow::doctor;
  const auto options = read_options({words + 1, static_cast<std::size_t>(count > 0 ? count - 1 : 0)});
  if (!options) return fail(options.wrong());
  if (options->help) {
    write_all(1, kDoctorUsage);
    return 0;
  }
  if (options->version) {
    write_all(1, "wsflow-doctor " WSFLOW_VERSION "\n");
    return 0;
  }
  const RealMachine machine;
  const auto looked = look(*options, machine);
  if (!looked) return fail(looked.wrong());
  const auto& observed = (*looked)->observed;
  const auto diagnosis = diagnose(*options, observed);
  write_all(1, options->json ? report_json(observed, diagnosis) : report_text(observed, diagnosis));
  return exit_status(observed, diagnosis);
}
