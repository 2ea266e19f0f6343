#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/presence/registry.hpp"
#include "mod_wsflow/presence/search.hpp"

namespace wsflow::presence {

// What goes to the store and what comes back: docs/internals/presence.md.

// A process of this node that has died.
struct Dead {
  std::uint64_t process;
  Time at;
};

struct BatchHead {
  std::string_view node;
  std::uint64_t process = 0;
  Time now = 0;
  Time lease = 0;
  std::uint32_t sync = 0;
  bool sweep = false;
  bool end = false;
  bool report = false;
  bool keep_events = false;
  std::uint32_t most_events = 0;                  // that the answer may have
  std::span<const std::uint64_t> delivered = {};  // numbers of events
  std::span<const Dead> dead = {};
};

// The JSON of a batch.
class BatchText {
 public:
  explicit BatchText(const BatchHead& head);
  ~BatchText();
  BatchText(const BatchText&) = delete;
  BatchText& operator=(const BatchText&) = delete;

  void add(const Row& row);
  // Ends it. Lives as long as this.
  const char* finish();

  struct Parts;

 private:
  Parts* parts_;  // owned
};

// Somebody has come or gone, over all nodes.
struct Change {
  std::uint64_t number = 0;
  bool joined = false;
  Time at = 0;
  std::string name, route, key;
  Time session = 0;  // when it began
};

// A node, as the store knows it.
struct NodeLease {
  std::string node;
  std::uint64_t processes = 0;
  Time renewed = 0;
  Time left = 0;  // negative: it is over
  std::uint64_t keys = 0;
  std::uint64_t sockets = 0;
};

struct BatchAnswer {
  bool unknown = false;  // the store did not know the process
  bool reported = false;
  std::vector<Change> changes;
  std::vector<NodeLease> nodes;
  std::uint64_t keys = 0;  // over all nodes
  std::uint64_t sockets = 0;

  // Takes a row. A row that it does not understand is left out, as a newer store may say more.
  void take(std::span<const char* const> values);
};

// Adds the row of a found session.
void take_found(std::span<const char* const> values, std::vector<FoundSession>& found);
// The JSON of a search for at most `most` sessions. What no stored key has in it is replaced: no text of a
// client breaks the JSON, or is more than the database takes.
std::string search_text(std::string_view beginning, std::uint64_t most);

}  // namespace wsflow::presence
