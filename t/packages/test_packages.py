"""The packages, made of the modules of a build tree: contents, dependencies, scripts, and what a2enmod makes of them.

WSFLOW_BUILT is the folder with the modules and programs. What this cannot see, an installation and an upgrade,
t/packages/run.py does.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from debs import MODULES, ROOT, build, programs, run, without_debug_information

MODULE_FOLDER, AVAILABLE = "/usr/lib/apache2/modules", "/etc/apache2/mods-available"


def built_here(folder):
    """What the build tree has for packages, quick to pack."""
    there = pathlib.Path(os.environ["WSFLOW_BUILT"])
    names = [*(f"mod_{name}.so" for name in MODULES.values()), *programs()]
    return without_debug_information([there / name for name in names], folder / "built")


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    return build(folder / "out", built=built_here(folder))


@pytest.fixture(scope="session")
def unpacked(packages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    for deb in packages.values():
        deb.unpack(folder)
    return folder


def version_in(name, pattern):
    found = re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.M)
    assert found, f"{name} has no version"
    return found[1]


def test_all_say_the_same_version():
    version = version_in("mod_wsflow/version.h", r'WSFLOW_VERSION "(.*)"')
    for name, pattern in (("CMakeLists.txt", r"^project\(mod_wsflow VERSION (\S+)"),
                          ("apxs/debian/changelog", r"^mod-wsflow \((.*)-\d+\)"),
                          ("apxs/rpm/mod_wsflow.spec", r"^Version: +(\S+)"),
                          ("apxs/rpm/mod_wsflow.spec", r"<.*> - (\S+)-\d+$")):
        assert version_in(name, pattern) == version, name


def test_contents(packages):
    listed = programs()
    own = [name for name, place in listed.items() if place == "bindir"]
    assert set(packages) == {*MODULES, *own}
    wanted = {deb: {f"{MODULE_FOLDER}/mod_{name}.so", f"{AVAILABLE}/{name}.load"} for deb, name in MODULES.items()}
    wanted["libapache2-mod-wsflow"] |= {f"{AVAILABLE}/wsflow.conf", "/usr/share/man/man8/mod_wsflow.8.gz"}
    schema = "mod_wsflow/stores/presence/schema"
    wanted["libapache2-mod-wsflow-presence"] |= {f"/usr/share/apache2/wsflow/presence/{path.relative_to(ROOT / schema)}"
                                                 for path in (ROOT / schema).rglob("*.sql")}
    for name, place in listed.items():
        if place == "bindir":
            wanted[name] = {f"/usr/bin/{name}", f"/usr/share/man/man1/{name}.1.gz"}
        else:
            wanted["libapache2-mod-wsflow"] |= {f"/usr/sbin/{name}", f"/usr/share/man/man8/{name}.8.gz"}
    for name, deb in packages.items():
        files = deb.files()
        documents = {path for path in files if path.startswith((f"/usr/share/doc/{name}/", "/usr/share/lintian/"))}
        assert set(files) - documents == wanted[name], name
        assert f"/usr/share/doc/{name}/copyright" in documents
        for path, mode in files.items():
            assert mode == ("-rwxr-xr-x" if re.match(r"/usr/s?bin/", path) else "-rw-r--r--"), path


def test_documents(packages):
    files = packages["libapache2-mod-wsflow"].files()
    folder = "/usr/share/doc/libapache2-mod-wsflow"
    # As they are in the tree, so that their links lead somewhere.
    documents = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*") if path.is_file()]
    examples = [f"examples/{path.name}" for path in (ROOT / "apxs/examples").iterdir()]
    for name in [*documents, *examples, "README.md", "examples/wsflow-reference.conf"]:
        assert f"{folder}/{name}" in files, name


def test_dependencies(packages):
    for name, deb in packages.items():
        depends = deb.fields["Depends"]
        # On httpd itself a module must not depend, but on its interface.
        assert not re.search(r"(^|, )apache2( |,|$)", depends), name
        if name in MODULES:
            assert re.search(r"apache2-api-\d+", depends), name
    assert re.search(r"libssl3", packages["libapache2-mod-wsflow"].fields["Depends"])
    for name in ("presence", "redis"):
        deb = packages[f"libapache2-mod-wsflow-{name}"]
        assert f"libapache2-mod-wsflow (= {deb.version})" in deb.fields["Depends"], name
    assert "libhiredis" in packages["libapache2-mod-wsflow-redis"].fields["Depends"]
    assert "libaprutil1-dbd-" in packages["libapache2-mod-wsflow-presence"].fields["Depends"]


def test_configuration_is_kept(packages, tmp_path):
    for name, deb in packages.items():
        conffiles = deb.script("conffiles", tmp_path)
        files = {path for path in deb.files() if path.startswith("/etc/")}
        assert set(conffiles.read_text().split() if conffiles else ()) == files, name


def test_modules_are_stripped(packages, unpacked):
    paths = [unpacked / MODULE_FOLDER.lstrip("/") / f"mod_{name}.so" for name in MODULES.values()]
    paths += [next(unpacked.glob(f"usr/*bin/{name}")) for name in programs()]
    for path in paths:
        sections = run("readelf", "-SW", path)
        assert not re.search(r" \.(symtab|debug_info) ", sections), path.name


HELPER = """
apache2_invoke() { echo "$@"; }
"""


def run_script(script, *arguments, folder):
    """What SCRIPT asks of Debian's helper, which is played here."""
    helper = folder / "helper"
    helper.write_text(HELPER)
    text, paths = re.subn(r"/usr/share/apache2/apache2-maintscript-helper", str(helper), script.read_text())
    assert paths
    played = folder / "played"
    played.write_text(text.replace("/var/lib/wsflow", str(folder / "data")).replace("-o www-data -g www-data", ""))
    return run("sh", played, *arguments).split("\n")[:-1]


@pytest.mark.parametrize("name", MODULES)
def test_scripts(packages, tmp_path, name):
    module, deb = MODULES[name], packages[name]
    postinst, prerm, postrm = (deb.script(script, tmp_path) for script in ("postinst", "prerm", "postrm"))
    # First installation and upgrade. Restarting, as dh_apache2 would, ends all tunnels.
    for old in ([], ["0.0.1-1"]):
        assert run_script(postinst, "configure", *old, folder=tmp_path) == [f"enmod {module} reload"]
    assert run_script(postinst, "abort-upgrade", "0.0.1-1", folder=tmp_path) == []
    assert run_script(prerm, "remove", folder=tmp_path) == [f"dismod {module}"]
    assert run_script(prerm, "upgrade", "9", folder=tmp_path) == []
    assert run_script(postrm, "remove", folder=tmp_path) == []
    assert (tmp_path / "data").exists() == (module == "wsflow_presence")
    assert run_script(postrm, "purge", folder=tmp_path) == [f"dismod {module}"]
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(not pathlib.Path("/usr/sbin/a2enmod").exists(), reason="no a2enmod here")
def test_a2enmod(unpacked, tmp_path):
    configuration = tmp_path / "apache2"
    shutil.copytree("/etc/apache2", configuration, symlinks=True)
    for path in (unpacked / AVAILABLE.lstrip("/")).iterdir():
        text = path.read_text().replace(f"{MODULE_FOLDER}/mod_wsflow", f"{unpacked}{MODULE_FOLDER}/mod_wsflow")
        (configuration / "mods-available" / path.name).write_text(text)
    enabled = configuration / "mods-enabled"
    shutil.rmtree(enabled)
    enabled.mkdir()
    environment = {**os.environ, "APACHE_CONFDIR": str(configuration), "APACHE_STATE_DIRECTORY": str(tmp_path / "state")}

    def switch(program, *modules):
        done = subprocess.run([f"/usr/sbin/{program}", "-q", *modules], env=environment, capture_output=True, text=True)
        return done.returncode, {path.name for path in enabled.iterdir()}

    assert switch("a2enmod", "mpm_event", "authz_core", "authz_host")[0] == 0
    before = {path.name for path in enabled.iterdir()}
    own = {"wsflow.load", "wsflow.conf", "proxy.load", "proxy.conf", "proxy_http.load"}
    assert switch("a2enmod", "wsflow") == (0, before | own)
    conf = configuration / "small.conf"
    conf.write_text(f"ServerRoot {tmp_path}\nServerName localhost\nListen 127.0.0.1:65000\nErrorLog {tmp_path}/error.log\n"
                    f"Include {enabled}/*.load\nInclude {enabled}/wsflow.conf\n")
    run("/usr/sbin/apache2", "-t", "-f", conf)
    # A store needs the module, so it keeps it on.
    stores = {"wsflow_presence.load", "wsflow_redis.load"}
    assert switch("a2enmod", "wsflow_presence", "wsflow_redis") == (0, before | own | stores)
    run("/usr/sbin/apache2", "-t", "-f", conf)
    assert switch("a2dismod", "wsflow") == (1, before | own | stores)
    assert switch("a2dismod", "wsflow_presence", "wsflow_redis", "wsflow") == (0, before | own - {"wsflow.load", "wsflow.conf"})


HELP = """\
usage: wsflow-try [options] URL
       wsflow-try --version
Tries it. Nothing is changed.

  --tunnels N          how many;
                       at a time
  --time-out TIME how long
Ends with 0.

Examples:
  wsflow-try \\
      ws://127.0.0.1/
"""
PAGE = """\
.SH NAME
wsflow\\-try \\- Tries it
.SH SYNOPSIS
wsflow\\-try [options] URL
.br
wsflow\\-try \\-\\-version
.SH DESCRIPTION
.PP
Tries it. Nothing is changed.
.SH OPTIONS
.TP
\\fB\\-\\-tunnels N\\fP
how many;
at a time
.TP
\\fB\\-\\-time\\-out TIME\\fP
how long
Ends with 0.
.SH "EXAMPLES"
.PP
.RS 4
.nf
wsflow\\-try \\e
    ws://127.0.0.1/
.fi
.RE
"""


def test_page_of_a_program(tmp_path):
    maker = ["awk", "-v", "name=wsflow-try", "-v", "section=1", "-v", "version=1", "-f", ROOT / "apxs/help.awk"]
    (tmp_path / "help").write_text(HELP)
    assert PAGE in run(*maker, tmp_path / "help")
    for wrong in ("nothing to read\n", "usage: wsflow-try\n"):
        (tmp_path / "help").write_text(wrong)
        with pytest.raises(RuntimeError, match="wsflow-try: its --help"):
            run(*maker, tmp_path / "help")


def test_container(unpacked, tmp_path):
    """What the Containerfile copies is there, and httpd takes its configuration; the image itself is not to be had here."""
    text = (ROOT / "apxs/container/Containerfile").read_text()
    sources = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M) for word in line.split()]
    assert "mod_wsflow" in sources and "conf.d/wsflow.conf" in sources
    assert [name for name in sources if not (ROOT / name).exists()] == []
    # The image's ServerRoot: modules below it, and those of proxying are not loaded.
    modules = tmp_path / "modules"
    modules.mkdir()
    for folder in (pathlib.Path(MODULE_FOLDER), unpacked / MODULE_FOLDER.lstrip("/")):
        for path in folder.glob("*.so"):
            (modules / path.name).unlink(missing_ok=True)
            (modules / path.name).symlink_to(path)
    (tmp_path / "conf/extra").mkdir(parents=True)
    for name in ("apxs/container/wsflow.load", "conf.d/wsflow.conf"):
        shutil.copy(ROOT / name, tmp_path / "conf/extra")
    included = re.search(r"printf '(.*)' >> httpd\.conf", text)[1].replace("\\n", "\n")
    (tmp_path / "httpd.conf").write_text(
        f"ServerRoot {tmp_path}\nServerName localhost\nListen 127.0.0.1:65000\nErrorLog {tmp_path}/error.log\n"
        "LoadModule mpm_event_module modules/mod_mpm_event.so\nLoadModule authz_core_module modules/mod_authz_core.so\n"
        f"LoadModule authz_host_module modules/mod_authz_host.so\n{included}")
    shown = run("/usr/sbin/apache2", "-t", "-D", "DUMP_MODULES", "-f", tmp_path / "httpd.conf")
    assert "wsflow_module" in shown and "proxy_http_module" in shown


def test_examples(tmp_path):
    """The files for operators say what the programs that read them know."""
    examples = ROOT / "apxs/examples"
    names = re.findall(r"^#?([a-z0-9_.]+) *= *\d", (examples / "sysctl.conf").read_text(), re.M)
    assert len(names) > 5
    # A network namespace of a container lacks some that are there in the first one.
    if pathlib.Path("/proc/sys/net/ipv4/tcp_mem").exists():
        assert [name for name in names if not pathlib.Path("/proc/sys", name.replace(".", "/")).exists()] == []
    assert run("sh", "-c", f". {examples}/envvars; echo $APACHE_ULIMIT_MAX_FILES") == "ulimit -n 65536\n"
    unit = pathlib.Path("/lib/systemd/system/apache2.service")
    if shutil.which("systemd-analyze") and unit.exists():
        (tmp_path / "apache2.service.d").mkdir()
        shutil.copy(unit, tmp_path)
        shutil.copy(examples / "systemd.conf", tmp_path / "apache2.service.d/wsflow.conf")
        done = subprocess.run(["systemd-analyze", "verify", tmp_path / unit.name], capture_output=True, text=True)
        # What it thinks of the unit itself depends on the machine.
        assert "wsflow.conf" not in done.stderr, done.stderr
    if shutil.which("logrotate"):
        done = subprocess.run(["logrotate", "-d", "-s", tmp_path / "state", examples / "logrotate"], capture_output=True, text=True)
        assert done.returncode == 0 and "error" not in done.stderr, done.stderr


@pytest.mark.skipif(shutil.which("lintian") is None, reason="no lintian here")
def test_lintian(packages):
    paths = [str(deb.path) for deb in packages.values()]
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("rpmbuild") is None, reason="no rpmbuild here")
def test_rpm(tmp_path):
    """The spec, with the built modules instead of a compiler, and the httpd of this machine instead of Fedora's."""
    built = built_here(tmp_path)
    run(ROOT / "apxs/rpm/build.sh", "--out", tmp_path / "rpm", "-bb", "--nodeps", "--define", f"_httpd_moddir {MODULE_FOLDER}",
        "--define", "_httpd_mmn 20120211x8664", "--define", "make_build true",
        "--define", f"make_install make install DESTDIR=%{{buildroot}} -o all out={built}")
    own = [name for name, place in programs().items() if place == "bindir"]
    names = {path.name.rpartition("-0.")[0]: path for path in (tmp_path / "rpm/RPMS").glob("*/*.rpm")}
    assert set(names) == {"mod_wsflow", "mod_wsflow-presence", "mod_wsflow-redis", *own}
    for suffix in ("", "_presence", "_redis"):
        path = names[f"mod_wsflow{suffix.replace('_', '-')}"]
        files = run("rpm", "-qpl", path).split()
        configuration = run("rpm", "-qpc", path).split()
        assert f"{MODULE_FOLDER}/mod_wsflow{suffix}.so" in files
        assert f"/etc/httpd/conf.modules.d/10-wsflow{suffix}.conf" in configuration
    files = run("rpm", "-qpl", names["mod_wsflow"]).split()
    assert {"/etc/httpd/conf.d/wsflow.conf", "/usr/share/man/man8/mod_wsflow.8"} <= {name.removesuffix(".gz") for name in files}
    assert {f"/usr/sbin/{name}" for name, place in programs().items() if place == "sbindir"} <= set(files)
