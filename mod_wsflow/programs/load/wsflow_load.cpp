// wsflow-load: a load test for WebSocket servers (docs/load-testing.md).
#include "mod_wsflow/programs/load/load_program.hpp"

int main(int argc, char** argv) {
  return wsflow::load::load_program({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
}
