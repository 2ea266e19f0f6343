"""httpd takes the store in any order of modules, and without mod_wsflow.so."""

import os
import subprocess

import pytest

MODULES = "/usr/lib/apache2/modules"
WSFLOW = f"LoadModule wsflow_module {os.environ.get('WSFLOW_MODULE')}"
PRESENCE = f"LoadModule wsflow_presence_module {os.environ.get('WSFLOW_PRESENCE')}"
DBD = f"LoadModule dbd_module {MODULES}/mod_dbd.so"


@pytest.mark.parametrize("lines", [[PRESENCE], [WSFLOW, PRESENCE], [PRESENCE, WSFLOW], [DBD, PRESENCE], [PRESENCE, WSFLOW, DBD]])
def test_modules_in_any_order(tmp_path, lines):
    others = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in ("mpm_event", "authz_core", "proxy", "proxy_http")]
    (tmp_path / "httpd.conf").write_text("\n".join([
        f"ServerRoot {tmp_path}", "ServerName localhost", "Listen 127.0.0.1:1", f"ErrorLog {tmp_path}/error_log",
        *others, *lines]) + "\n")
    done = subprocess.run(["/usr/sbin/apache2", "-t", "-M", "-f", tmp_path / "httpd.conf"], capture_output=True, text=True)
    assert done.returncode == 0 and "wsflow_presence_module (shared)" in done.stdout, done.stdout + done.stderr
