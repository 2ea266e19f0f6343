// Holds many WebSockets open on a loopback port. Says "{}" when it stands ready, then obeys lines of stdin:
//   open N | hold SECONDS | idle SECONDS       each answered by one line of JSON
//   holder --port N [--path /] [--source N] [--at-once N] [--period S] [--size N] [--tls 1]
#include <iostream>

#include "t/scale/crowd.hpp"

int main(int argc, char** argv) {
  using namespace wsflow;
  bench::use_all_descriptors();
  const bench::Options options(argc, argv, 1);
  bench::SslContextPtr tls;
  if (options.number("tls", 0) != 0) {
    tls.reset(SSL_CTX_new(TLS_client_method()));
    bench::relaxed_writes(tls.get());
  }
  scale::Crowd crowd({.port = options.number("port", 0),
                      .path = options.text("path", "/"),
                      .source = options.number("source", 1),
                      .at_once = options.number("at-once", 64),
                      .period = options.number("period", 30),
                      .size = options.number("size", 125),
                      .tls = tls.get()});
  std::cout << "{}" << std::endl;
  std::string word;
  unsigned count = 0;
  // Each command is one line, so none waits in the buffer of std::cin.
  while (crowd.wait_for(STDIN_FILENO), std::cin >> word >> count) {
    if (word == "open") std::cout << crowd.open(count) << std::endl;
    if (word == "hold") std::cout << crowd.hold(std::chrono::seconds(count)) << std::endl;
    if (word == "idle") std::cout << crowd.idle(std::chrono::seconds(count)) << std::endl;
  }
}
