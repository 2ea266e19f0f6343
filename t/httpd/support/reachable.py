"""A build that every user can read: children of httpd give root's rights up, and must name their functions in a report."""

import atexit
import os
import pathlib
import shutil
import tempfile

WHAT = ("mod_wsflow*.so", "wsflow-*", "t/*.so")


def is_public(path):
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def make_reachable():
    """Where the tree is below a private folder (a clone in /root), the variables that name files of the build name copies."""
    module = os.environ.get("WSFLOW_MODULE")
    if not module or is_public(build := pathlib.Path(module).resolve().parent):
        return
    copy = pathlib.Path(tempfile.mkdtemp(prefix="wsflow-build-", dir="/tmp"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    copy.chmod(0o755)
    for file in (file for pattern in WHAT for file in build.glob(pattern) if file.is_file()):
        target = copy / file.relative_to(build)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(file, target)
    for name, value in os.environ.items():
        if name.startswith("WSFLOW_") and value.startswith(f"{build}/"):
            os.environ[name] = str(copy / pathlib.Path(value).relative_to(build))
