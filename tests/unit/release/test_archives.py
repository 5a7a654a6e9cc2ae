"""What has to hold of an archive, told of archives that are made here."""

from __future__ import annotations

import io
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

GOOD = ("kubectl-podx", "LICENSE", "THIRD_PARTY_LICENSES", "completion/kubectl_complete-podx")


def program(*versions: str) -> bytes:
    """A 64-bit ELF file that needs these versions of libc.so.6."""
    strings = b"\0libc.so.6\0" + b"".join(name.encode() + b"\0" for name in versions)
    at, entries = 11, b""
    for number, name in enumerate(versions):
        following = 16 if number + 1 < len(versions) else 0
        entries += struct.pack("<IHHII", 0, 0, number + 2, at, following)
        at += len(name) + 1
    needs = struct.pack("<HHIII", 1, len(versions), 1, 16, 0) + entries
    strings_at, needs_at = 64, 64 + len(strings)
    sections_at = needs_at + len(needs)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, sections_at, 0, 64, 0, 0, 64, 3, 1)
    rows = [
        (0, 0, 0, 0, 0),
        (3, strings_at, len(strings), 0, 0),
        (0x6FFFFFFE, needs_at, len(needs), 1, 1),
    ]
    table = b"".join(
        struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, size, link, info, 1, 0)
        for kind, offset, size, link, info in rows
    )
    return header + strings + needs + table


def archive(folder: Path, files: dict[str, bytes], **more: Any) -> Path:
    path = folder / "kubectl-podx_0.1.0_linux_amd64.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in (dict.fromkeys(GOOD, b"x") | files).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in more.items():
                setattr(info, field, value)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_the_newest_glibc_of_a_file_is_read() -> None:
    from distribution import elf

    assert elf.needed_glibc(program("GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.9")) == (2, 17)
    assert elf.needed_glibc(program("GLIBC_2.2.5", "GLIBC_ABI_DT_RELR")) == (2, 36)
    assert elf.needed_glibc(program("GCC_3.0", "GLIBC_PRIVATE")) == (0,)
    assert not elf.is_elf(b"#!/bin/sh\n")


def test_an_archive_for_a_newer_glibc_is_refused(tmp_path: Path) -> None:
    from distribution import check

    old = archive(tmp_path, {"_internal/a.so": program("GLIBC_2.28")})
    assert check.newest_glibc(old) == ((2, 28), ["_internal/a.so"])
    assert check.problems(old, portable=True) == []
    files = {"_internal/a.so": program("GLIBC_2.17"), "_internal/b.so": program("GLIBC_2.34")}
    new = archive(tmp_path, files)
    assert check.problems(new, portable=True) == [
        "glibc 2.34 is asked for, 2.28 at most: _internal/b.so"
    ]
    assert check.problems(new) == []
    with pytest.raises(SystemExit, match=r"2\.34"):
        check.check(new, portable=True)


def linked(*libraries: str) -> bytes:
    """A 64-bit ELF file whose dynamic section asks for these libraries."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in libraries)
    entries, at = b"", 1
    for name in libraries:
        entries += struct.pack("<qQ", 1, at)
        at += len(name) + 1
    entries += struct.pack("<qQ", 0, 0)
    strings_at, entries_at = 64, 64 + len(strings)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    sections_at = entries_at + len(entries)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, sections_at, 0, 64, 0, 0, 64, 3, 1)
    rows = [(0, 0, 0, 0), (3, strings_at, len(strings), 0), (6, entries_at, len(entries), 1)]
    table = b"".join(
        struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, size, link, 0, 1, 0)
        for kind, offset, size, link in rows
    )
    return header + strings + entries + table


def test_an_archive_brings_its_libraries(tmp_path: Path) -> None:
    from distribution import check, elf

    program = linked("libc.so.6", "libown.so.1", "libgone.so.3", "ld-linux-x86-64.so.2")
    assert "libgone.so.3" in elf.needed_libraries(program)
    path = archive(tmp_path, {"kubectl-podx": program, "_internal/libown.so.1": linked()})
    assert check.problems(path) == ["libgone.so.3 is asked for, and is not in it"]


def test_what_krew_would_refuse_is_refused(tmp_path: Path) -> None:
    from distribution import check

    link = archive(tmp_path, {}, type=tarfile.SYMTYPE, linkname="elsewhere")
    assert any("not a file or folder" in text for text in check.problems(link))
    assert any("`..`" in text for text in check.problems(archive(tmp_path, {"a/../b": b""})))
    many = archive(tmp_path, {f"_internal/{n}": b"" for n in range(150)})
    assert check.problems(many) == ["154 files, 150 at most"]


def test_an_archive_that_is_too_large_or_not_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distribution import check

    assert check.MOST_BYTES <= 18_000_000
    path = archive(tmp_path, {})
    windows = path.rename(path.with_name("kubectl-podx_0.1.0_windows_amd64.tar.gz"))
    assert check.problems(windows) == ["kubectl-podx.exe is missing"]
    monkeypatch.setattr(check, "MOST_BYTES", 10)
    assert "10 at most" in " ".join(check.problems(windows))


def test_packing_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    from distribution import freeze

    for name in ("one", "two"):
        folder = tmp_path / name / "sub"
        folder.mkdir(parents=True)
        (folder / "program").write_bytes(b"x")
        (folder / "program").chmod(0o700 if name == "one" else 0o755)
        (folder / "again").hardlink_to(folder / "program")
    first, second = freeze.packed(tmp_path / "one"), freeze.packed(tmp_path / "two")
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert [(e.name, e.isreg(), oct(e.mode)) for e in tar] == [
            ("sub", False, "0o755"),
            ("sub/again", True, "0o755"),
            ("sub/program", True, "0o755"),
        ]


def test_the_manifest_names_the_archives_and_where_they_will_be(tmp_path: Path) -> None:
    import yaml
    from distribution import manifest, project

    path = project.archive_path("linux_amd64", tmp_path)
    path.write_bytes(b"archive")
    document = yaml.safe_load(manifest.write_manifest(tmp_path).read_text())
    assert document["spec"]["homepage"] == project.url()
    (only,) = document["spec"]["platforms"]
    assert only["selector"]["matchLabels"] == {"os": "linux", "arch": "amd64"}
    number = project.version()
    assert only["uri"] == f"{project.url()}/releases/download/v{number}/{path.name}"
    assert only["sha256"] == manifest.digest(path)
    lacking = manifest.missing(tmp_path)
    assert path.name not in lacking
    assert f"kubectl-podx_{number}_windows_amd64.tar.gz" in lacking
    assert f"kubectl-podx_{number}_linux_amd64.spdx.json" in lacking
    manifest.write_checksums(tmp_path)
    named = (tmp_path / "checksums.txt").read_text()
    assert sorted(line.split()[1] for line in named.splitlines()) == [path.name, "podx.yaml"]


def test_only_the_tag_of_this_version_may_be_released() -> None:
    import dist
    from distribution import project

    dist.tag(f"v{project.version()}")
    with pytest.raises(SystemExit, match="does not fit"):
        dist.tag("v99.0.0")
