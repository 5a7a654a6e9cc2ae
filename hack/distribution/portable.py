"""An interpreter for the archive that asks for no glibc newer than 2.28, of Debian's sources.

The workflow of a release takes uv's own, which asks for 2.17; where that cannot be fetched, this
one shows that the archive runs on old systems. zig's C compiler, a package of PyPI, links against
any old glibc. It is built once (about five minutes on two cores) and kept in the user's cache; that
needs Debian with make and perl.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from distribution import project

# One more where the way of building changes: then it is built anew.
_RECIPE = 2
GLIBC = "2.28"
_ZIG = "ziglang==0.15.2"
_SUITE = "trixie"
_SOURCES = ("python3.13", "openssl", "zlib")
# Left out of the interpreter: podx does not ask for them, and each would want a library.
_WITHOUT = "_sqlite3 _tkinter _lzma _bz2 _curses _curses_panel readline nis _dbm _gdbm _uuid _crypt"
# What podx does not speak: less to build, less to ship.
_NO = (
    "apps aria bf camellia cast cms comp ct docs dso dtls engine gost idea legacy md4"
    " module psk rc2 rc4 seed sm2 sm3 sm4 srp ssl3 tests ts whirlpool"
)


class CannotBuildError(Exception):
    """This machine cannot make it, and why."""


def cache() -> Path:
    """The user's, where the clusters' programs are kept, too."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kubectl-podx"


def folder() -> Path:
    """Where the interpreter is, or will be."""
    parts = (_RECIPE, GLIBC, _ZIG, _SUITE, _SOURCES, _WITHOUT, _NO)
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
    return cache() / f"python-glibc{GLIBC}-{key}"


def find() -> Path | None:
    """The interpreter, if it has been built."""
    return folder() / "bin/python3.13" if (folder() / "complete").exists() else None


def build() -> Path:
    """Builds it, or raises CannotBuildError."""
    found = find()
    if found:
        return found
    missing = [tool for tool in ("apt-get", "dpkg-deb", "make", "perl") if not shutil.which(tool)]
    if missing or sys.platform != "linux" or project.system() != "linux_amd64":
        raise CannotBuildError(f"needs Debian on amd64; missing: {', '.join(missing) or 'nothing'}")
    import fcntl  # noqa: PLC0415 - not on Windows, where the other steps run, too

    target = folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f"{target.name}.lock").open("w") as lock:
        # Two builds would race for the same names; the second waits, and finds it done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find() or _build(target)


def _build(target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    work = target / "work"
    (work / "sources").mkdir(parents=True)
    try:
        environment = _compiler(work)
        _fetch(work)
        _libraries(work, target, environment)
        _interpreter(work, target, environment)
    except subprocess.CalledProcessError as error:
        words = " ".join(map(str, error.cmd))[:200]
        raise CannotBuildError(f"`{words}` failed: {work}/log has its output") from None
    (target / "complete").touch()
    shutil.rmtree(work)
    return target / "bin/python3.13"


def _compiler(work: Path) -> dict[str, str]:
    """zig's C compiler under the names that a configure script asks for."""
    zig = work / "zig"
    _run(work, work, project.uv(), "venv", "--quiet", str(zig))
    _run(
        work, work, project.uv(), "pip", "install", "--quiet", "--python", f"{zig}/bin/python", _ZIG
    )
    tools = {"CC": f"cc -target x86_64-linux-gnu.{GLIBC}", "AR": "ar", "RANLIB": "ranlib"}
    environment = {}
    for name, words in tools.items():
        script = work / name.lower()
        script.write_text(f'#!/bin/sh\nexec "{zig}/bin/python" -m ziglang {words} "$@"\n')
        script.chmod(0o755)
        environment[name] = str(script)
    return environment


def _fetch(work: Path) -> None:
    """The sources by apt, which checks their signatures, with lists of its own; then unpacked."""
    sources, lists = work / "sources", work / "apt"
    (lists / "lists/partial").mkdir(parents=True)
    (lists / "cache/archives/partial").mkdir(parents=True)
    kinds = "".join(f"{kind} {mirror()} {_SUITE} main\n" for kind in ("deb", "deb-src"))
    (lists / "sources.list").write_text(kinds)
    options = [
        f"Dir::Etc::sourcelist={lists}/sources.list",
        "Dir::Etc::sourceparts=/dev/null",
        f"Dir::State::lists={lists}/lists",
        f"Dir::Cache={lists}/cache",
        "APT::Sandbox::User=root",
    ]
    given = [word for option in options for word in ("-o", option)]
    _run(work, work, "apt-get", "-q", *given, "update")
    for name in _SOURCES:
        _fetch_source(work, name, given)
    _run(work, sources, "apt-get", "-q", *given, "download", "libffi-dev")
    for archive in sorted(sources.glob("*.orig.tar.*")):
        if not archive.name.endswith(".asc"):
            _run(work, sources, "tar", "-xf", archive.name)
    (package,) = sources.glob("libffi-dev_*.deb")
    _run(work, sources, "dpkg-deb", "-x", package.name, "libffi")


def _fetch_source(work: Path, name: str, options: list[str]) -> None:
    """The newest that the mirror has: it may list a version before it holds its files."""
    listed = subprocess.run(
        ["apt-cache", *options, "showsrc", "--only-source", name],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    versions = re.findall(r"^Version: (\S+)$", listed.stdout, re.MULTILINE)
    for version in sorted(set(versions), reverse=True):
        words = ["apt-get", "-q", *options, "source", "--tar-only", "--download-only"]
        try:
            _run(work, work / "sources", *words, f"{name}={version}")
        except subprocess.CalledProcessError:
            continue
        return
    raise CannotBuildError(f"the mirror has no source of {name}")


def mirror() -> str:
    """Where this machine gets Debian from."""
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    for address in done.stdout.split():
        if address.rstrip("/").endswith("/debian"):
            return address
    raise CannotBuildError("apt has no mirror of Debian: run `apt-get update` first")


def _libraries(work: Path, target: Path, environment: Mapping[str, str]) -> None:
    """zlib and libffi inside of the modules that use them; OpenSSL as a library beside them."""
    jobs = f"-j{os.cpu_count() or 1}"
    zlib, openssl = _source(work, "zlib"), _source(work, "openssl")
    _run(work, zlib, "./configure", "--static", f"--prefix={target}", environment=environment)
    _run(work, zlib, "make", jobs, "libz.a", environment=environment)
    _run(work, zlib, "make", "install", environment=environment)
    given = [f"--prefix={target}", "--libdir=lib", "--openssldir=/etc/ssl", "shared"]
    without = [f"no-{name}" for name in _NO.split()]
    _run(work, openssl, "./Configure", "linux-x86_64", *given, *without, environment=environment)
    # Its own `build_libs` and `install` make everything a second time, for static linking.
    _run(work, openssl, "make", jobs, "build_generated", environment=environment)
    _run(work, openssl, "make", jobs, "libcrypto.so", "libssl.so", environment=environment)
    for library in openssl.glob("lib*.so*"):
        shutil.copy(library, target / "lib", follow_symlinks=False)
    shutil.copytree(openssl / "include/openssl", target / "include/openssl")
    ffi = work / "sources/libffi/usr"
    shutil.copy(next(ffi.rglob("libffi_pic.a")), target / "lib/libffi.a")
    for header in ffi.rglob("ffi*.h"):
        shutil.copy(header, target / "include")


def _interpreter(work: Path, target: Path, environment: Mapping[str, str]) -> None:
    source = _source(work, "Python")
    (source / "Modules/Setup.local").write_text(f"*disabled*\n{_WITHOUT}\n")
    flags = {
        "CFLAGS": "-O3 -g0 -Wno-date-time",
        "CPPFLAGS": f"-I{target}/include",
        "LDFLAGS": f"-L{target}/lib -Wl,-rpath,{target}/lib",
        "LIBFFI_CFLAGS": f"-I{target}/include",
        "LIBFFI_LIBS": f"-L{target}/lib -lffi",
        # Nothing of this machine's own libraries.
        "PKG_CONFIG_LIBDIR": f"{target}/lib/pkgconfig",
    }
    words = ["--enable-shared", f"--with-openssl={target}", "--with-ensurepip=no"]
    words += [f"--prefix={target}", "--disable-test-modules", "--without-static-libpython"]
    _run(work, source, "./configure", *words, environment={**environment, **flags})
    # zig knows `-h NAME` by its long name only, and no library without a source of its own.
    makefile = source / "Makefile"
    text = makefile.read_text().replace("-Wl,-h$(", "-Wl,-soname,$(")
    stub = re.compile(r"^(libpython3\.so:\t(\S+)\n)\t.*$", re.MULTILINE)
    makefile.write_text(stub.sub(r"\1\tcp \2 $@", text))
    _run(work, source, "make", f"-j{os.cpu_count() or 1}", environment=environment)
    _run(work, source, "make", "install", environment=environment)


def _source(work: Path, name: str) -> Path:
    (found,) = (path for path in (work / "sources").glob(f"{name}-*") if path.is_dir())
    return found


def _run(
    work: Path, where: Path, *words: str, environment: Mapping[str, str] | None = None
) -> None:
    with (work / "log").open("ab") as log:
        subprocess.run(
            words,
            cwd=where,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )
