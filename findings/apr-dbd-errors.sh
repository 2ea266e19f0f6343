#!/bin/sh
# APR's database layer (apr_dbd, apr-util 1.6.3) with its sqlite3 driver, the one behind mod_dbd. Two surprises with one statement that
# fails, here by a unique column:
# - Within a transaction everything is rolled back, and apr_dbd_transaction_end() returns 0, which is success: whoever looks at
#   that result alone has lost the rows without a word. Only the failed statement's own result told.
# - In one apr_dbd_query() with three statements the third is run although the second has failed, and the result is that of the third:
#   a migration file that is sent as one query half succeeds and reports 0.
# Seen with libaprutil1 and libaprutil1-dbd-sqlite3 1.6.3 of Debian 12 in November 2026:
#> statements in a transaction: first 0, second failed
#> end of the transaction: 0, rows there: 0
#> three statements in one query: 0, rows there: 1 3
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
(cd "$folder" && apt-get download -q "libaprutil1=1.6.3-*" "libaprutil1-dbd-sqlite3=1.6.3-*" libapr1 libsqlite3-0 >/dev/null 2>&1)
for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/debian"; done
libraries=$(find "$folder/debian/usr/lib" -maxdepth 1 -name '*-linux-*')
LD_LIBRARY_PATH="$libraries:$libraries/apr-util-1"
export LD_LIBRARY_PATH

cat > "$folder/try.py" <<'END'
import ctypes
import sqlite3
import sys

folder = sys.argv[1]
# The driver finds the functions of both among the names of the program.
apr, util = (ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL) for name in ("libapr-1.so.0", "libaprutil-1.so.0"))
pointer = ctypes.c_void_p
apr.apr_initialize()
pool, driver, handle, transaction, rows = (pointer() for _ in range(5))
changed = ctypes.c_int()


def must(status):
    assert status == 0, status


def query(text):
    return util.apr_dbd_query(driver, handle, ctypes.byref(changed), text.encode())


def there():
    with sqlite3.connect(f"{folder}/x.db") as other:
        return " ".join(str(row[0]) for row in other.execute("SELECT a FROM t ORDER BY a"))


must(apr.apr_pool_create_ex(ctypes.byref(pool), None, None, None))
must(util.apr_dbd_init(pool))
must(util.apr_dbd_get_driver(pool, b"sqlite3", ctypes.byref(driver)))
must(util.apr_dbd_open_ex(driver, pool, f"{folder}/x.db".encode(), ctypes.byref(handle), None))
must(query("CREATE TABLE t (a INTEGER UNIQUE)"))

must(util.apr_dbd_transaction_start(driver, pool, handle, ctypes.byref(transaction)))
first, second = query("INSERT INTO t VALUES (1)"), query("INSERT INTO t VALUES (1)")
print(f"statements in a transaction: first {first}, second {'failed' if second else 'done'}")
end = util.apr_dbd_transaction_end(driver, pool, transaction)
print(f"end of the transaction: {end}, rows there: {len(there().split())}")

result = query("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); INSERT INTO t VALUES (3)")
print(f"three statements in one query: {result}, rows there: {there()}")
END
sed -n 's/^#> //p' "$0" > "$folder/expected"
python3 "$folder/try.py" "$folder" > "$folder/seen"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
