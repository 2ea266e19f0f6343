#include "mod_wsflow/programs/load/progress.hpp"

#include <unistd.h>

#include "mod_wsflow/os/output.hpp"
#include "mod_wsflow/programs/load/load_report.hpp"

namespace wsflow::load {

Progress::Progress(const LoadOptions& options)
    : options_(options),
      wanted_(!options.quiet && !options.control),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

std::string Progress::line(const LoadOptions& options, const Recorder& recorder, std::string_view doing) {
  const auto& tally = recorder.tally();
  const auto& last = recorder.seconds().back();
  std::string text = std::to_string(last.second + 1) + " s  " + std::string(doing) + "  open " +
                     std::to_string(last.open) + "/" + std::to_string(options.connections) + "  handshakes " +
                     std::to_string(last.completed) + "/s";
  if (last.handshake_most != 0) text += " p99 " + shown_us(last.handshake_p99);
  text += "  messages " + std::to_string(last.sent) + "/s";
  if (last.answer_most != 0)
    text += " p50 " + shown_us(last.answer_p50) + " p99 " + shown_us(last.answer_p99);
  return text + "  failures " + std::to_string(failures_of(tally));
}

void Progress::on_second(const Recorder& recorder, std::string_view doing) {
  if (!wanted_) return;
  const auto text = line(options_, recorder, doing);
  // \033[K: what is left of a longer line before it goes.
  os::write_all(STDERR_FILENO, terminal_ ? "\r" + text + "\033[K" : text + "\n");
  said_ = true;
}

void Progress::end() {
  if (said_ && terminal_) os::write_all(STDERR_FILENO, "\n");
  said_ = false;
}

}  // namespace wsflow::load
