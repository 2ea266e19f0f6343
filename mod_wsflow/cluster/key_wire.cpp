#include "mod_wsflow/cluster/key_wire.hpp"

#include <limits>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/cluster/answer_elements.hpp"
#include "mod_wsflow/cluster/key_script.hpp"

namespace wsflow::cluster {

std::vector<std::string> words_of(const KeyRequest& request, const Settings& settings) {
  std::vector<std::string> words{kLeases};
  words.reserve(1 + request.keys.size() * (1 + kKeyArguments) + kKeyHead);
  for (const auto& each : request.keys) words.push_back(name_of_key(each.cluster, each.key));
  base::Text<32> node;
  node.id(request.node[0]).id(request.node[1]);
  words.emplace_back(node.view());
  words.push_back(std::to_string(request.sequence));
  words.push_back(std::to_string(settings.lease / 1000));
  words.push_back(std::to_string(keep(settings) / 1000));
  for (const auto& each : request.keys) {
    for (const auto number :
         {each.size, each.permits, each.held, each.need, each.asks ? 1U : 0U, each.burst, each.units})
      words.push_back(std::to_string(number));
    words.push_back(decimal(each.returned));
    words.push_back(std::to_string(each.unit_need));
    words.push_back(decimal(each.tokens));
    words.push_back(decimal(each.rate));
  }
  return words;
}

bool parse_answer(std::span<const std::string> elements, std::size_t keys, KeyAnswer& answer) {
  answer.keys.clear();
  if (elements.size() < kKeyHead + keys * kKeyAnswers || elements.front() != "ok") return false;
  Elements left(elements.subspan(1));
  answer.settled = left.take(1U) == 1;
  answer.nodes = left.take(limits::kMost);
  answer.term = left.take(std::numeric_limits<std::uint64_t>::max());
  for (std::size_t i = 0; i < keys; ++i) {
    auto& each = answer.keys.emplace_back();
    each.permits = left.take(limits::kMost);
    each.units = left.take(limits::kMost);
    each.tokens = left.take(1e9);
    each.end = static_cast<KeyEnd>(left.take(std::uint32_t{2}));
  }
  answer.recalled.assign(left.left().begin(), left.left().end());
  return left.good();
}

}  // namespace wsflow::cluster
