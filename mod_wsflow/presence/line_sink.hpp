#pragma once

#include <string>

#include "mod_wsflow/presence/change_sink.hpp"

namespace wsflow::presence {

// Tells changes as lines of JSON to a file or to a program behind a pipe.
class LineSink final : public ChangeSink {
 public:
  // `fd` is borrowed from the configuration. `node`: the name of this node.
  LineSink(int fd, std::string node) : fd_(fd), node_(std::move(node)) {}

  // A program that takes nothing for a second gets the rest later.
  std::size_t tell(std::span<const Change> changes) noexcept override;

 private:
  const int fd_;
  const std::string node_;
};

}  // namespace wsflow::presence
