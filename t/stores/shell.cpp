// Loads a store, mod_wsflow_presence.so as it is, and works off commands: it plays httpd for it.
//   shell MODULE RECORD DRIVER, then on each line of stdin one of
//     check PARAMETERS | open PARAMETERS | apply JSON | find JSON | close
// The answer: "row COUNT", then each value as "LENGTH", a newline and its bytes, or "-1" for a NULL; at the
// end "ok", or "error REASON".

#include <ap_provider.h>
#include <apr_general.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

#include "mod_wsflow/stores/presence_store.h"
#include "mod_wsflow/stores/store_api.hpp"

namespace {

std::string wanted;
const wsflow_presence_store* store = nullptr;

void print_row(void*, size_t count, const char* const* values) {
  std::printf("row %zu\n", count);
  for (size_t i = 0; i < count; ++i) {
    if (values[i] == nullptr) {
      std::printf("-1\n");
    } else {
      std::printf("%zu\n%s", std::strlen(values[i]), values[i]);
    }
  }
}

void work_off(std::string_view word, const std::string& argument) {
  // A store that writes behind the room it has is found out by the last of these.
  char text[201];
  text[200] = '#';
  const wsflow_store_error error = {text, 200};
  static wsflow_store_connection* connection = nullptr;
  bool good = true;
  std::strcpy(text, "no words");
  if (word == "check") {
    const char* wrong = store->check(argument.c_str());
    good = wrong == nullptr;
    if (!good) std::strncpy(text, wrong, sizeof text - 2);
  } else if (word == "open") {
    connection = store->open(argument.c_str(), error);
    good = connection != nullptr;
  } else if (word == "close") {
    store->close(connection);
    connection = nullptr;
  } else {
    const auto call = word == "apply" ? WSFLOW_STORE_APPLY : WSFLOW_STORE_FIND;
    good = store->call(connection, call, argument.c_str(), print_row, nullptr, error) == 0;
  }
  if (text[200] != '#') std::abort();
  if (good) {
    std::printf("ok\n");
  } else {
    std::printf("error %s\n", text);
  }
  std::fflush(stdout);
}

}  // namespace

// What the module needs of httpd.
extern "C" __attribute__((visibility("default"))) apr_status_t ap_register_provider(
    apr_pool_t*, const char* group, const char* name, const char* version, const void* provider) {
  if (std::strcmp(group, WSFLOW_PRESENCE_STORE) == 0 && wanted == name &&
      std::strcmp(version, WSFLOW_PRESENCE_STORE_VERSION) == 0) {
    store = static_cast<const wsflow_presence_store*>(provider);
  }
  return APR_SUCCESS;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  wanted = argv[3];
  apr_initialize();
  apr_pool_t* pool = nullptr;
  apr_pool_create(&pool, nullptr);
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  auto* record = library == nullptr ? nullptr : static_cast<const module_struct*>(dlsym(library, argv[2]));
  if (record == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  record->register_hooks(pool);
  if (store == nullptr) return 2;
  for (std::string line; std::getline(std::cin, line);) {
    const size_t blank = line.find(' ');
    work_off(std::string_view(line).substr(0, blank),
             blank == std::string::npos ? "" : line.substr(blank + 1));
  }
}
