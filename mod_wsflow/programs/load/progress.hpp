#pragma once

#include <string>
#include <string_view>

#include "mod_wsflow/programs/load/load_run.hpp"

namespace wsflow::load {

// One line each second on the standard error: on a terminal, each takes the place of the one before.
class Progress final : public RunObserver {
 public:
  explicit Progress(const LoadOptions& options);
  void on_second(const Recorder& recorder, std::string_view doing) override;
  // The last line stays.
  void end();

  // What is said of the second that is over.
  static std::string line(const LoadOptions& options, const Recorder& recorder, std::string_view doing);

 private:
  const LoadOptions& options_;  // borrowed
  bool wanted_;
  bool terminal_;
  bool said_ = false;
};

}  // namespace wsflow::load
