#include "mod_wsflow/stores/presence/schema_text.hpp"

#define WSFLOW_SCHEMA(name, file)                                                          \
  asm(".pushsection .rodata\n"                                                             \
      ".globl wsflow_schema_" name "\n.hidden wsflow_schema_" name "\nwsflow_schema_" name \
      ":\n"                                                                                \
      ".incbin \"mod_wsflow/stores/presence/schema/" file "\"\n.byte 0\n.popsection")

WSFLOW_SCHEMA("pgsql_1", "pgsql/1.sql");
WSFLOW_SCHEMA("sqlite3_1", "sqlite3/1.sql");
