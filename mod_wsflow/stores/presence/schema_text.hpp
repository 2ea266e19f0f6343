#pragma once

// The files of schema/, as they are installed for who sets up a database by hand. The assembler puts them in.
extern "C" {
extern const char wsflow_schema_pgsql_1[];
extern const char wsflow_schema_sqlite3_1[];
}
