#pragma once

#include <cstdint>
#include <string>

#include "mod_wsflow/cluster/connection.hpp"
#include "mod_wsflow/presence/change_sink.hpp"

namespace wsflow::presence {

// Tells changes as entries of a Redis stream, that of its cluster.
class StreamSink final : public ChangeSink {
 public:
  // The stream keeps about `maxlen` entries.
  StreamSink(cluster::Connection connection, std::string stream, std::uint32_t maxlen, std::string node)
      : connection_(std::move(connection)),
        stream_(std::move(stream)),
        maxlen_(maxlen),
        node_(std::move(node)) {}

  // All of them or none.
  std::size_t tell(std::span<const Change> changes) noexcept override;

 private:
  bool add(std::span<const Change> changes);

  cluster::Connection connection_;
  const std::string stream_;
  const std::uint32_t maxlen_;
  const std::string node_;
};

}  // namespace wsflow::presence
