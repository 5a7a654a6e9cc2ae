"""Builds what people install: wheel, sdist, the self-contained archive and Krew's manifest.

`make dist` is all of it. The workflow of a release runs the steps apart, each on the machine that
it needs; none of them needs more than Python, uv and git.
"""

import argparse
import os
import shutil
import sys

from distribution import check, freeze, inputs, manifest, oldroot, project, sbom, smoke
from distribution import portable as interpreter
from distribution.project import DIST, NAME, archive_path

__all__ = ["NAME", "archive_path"]


def package() -> None:
    """Wheel and sdist."""
    DIST.mkdir(exist_ok=True)
    project.run([project.uv(), "build", "--quiet", "--out-dir", str(DIST)])


def archive() -> None:
    """The archive for this system, and what it is made of."""
    DIST.mkdir(exist_ok=True)
    freeze.prepare()
    folder = freeze.frozen()
    path = archive_path()
    path.write_bytes(freeze.packed(folder))
    check.check(path)
    sbom.write(path, freeze.contents(folder))
    print(f"{path.relative_to(project.ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


def everything() -> None:
    """All that this machine can build; nothing where it lies there already, of the same sources."""
    built, sources = DIST / ".built", inputs.digest()
    before = built.read_text("utf-8") if built.exists() and archive_path().exists() else ""
    if sources and before == sources:
        print(f"{archive_path().relative_to(project.ROOT)} is of these sources already")
        return
    shutil.rmtree(DIST, ignore_errors=True)
    package()
    archive()
    complete(every_system=False)
    built.write_text(sources, "utf-8")


def same() -> None:
    """Freezes once more, in another folder, and compares the bytes."""
    again = project.BUILD / "again"
    shutil.rmtree(again, ignore_errors=True)
    if freeze.packed(freeze.frozen(again)) != archive_path().read_bytes():
        raise SystemExit(f"{archive_path().name}: built again it has other bytes")


def portable() -> None:
    """An archive with the interpreter that asks for an old glibc in .build/portable, and an old
    Debian to run it in. Where they cannot be made, the tests are skipped for the reason in a file.
    """
    folder = project.BUILD / "portable"
    folder.mkdir(parents=True, exist_ok=True)
    reason = folder / "reason"
    reason.unlink(missing_ok=True)
    try:
        os.environ["PODX_DIST_PYTHON"] = str(interpreter.build())
        oldroot.make()
    except interpreter.CannotBuildError as error:
        reason.write_text(f"{error}\n", "utf-8")
        print(f"no portable archive: {error}")
        if "PODX_DIST_PYTHON" not in os.environ:
            return
    built, sources = folder / ".built", inputs.digest()
    path = archive_path(folder=folder)
    if sources and path.exists() and built.exists() and built.read_text("utf-8") == sources:
        return
    freeze.prepare()
    path.write_bytes(freeze.packed(freeze.frozen(folder)))
    check.check(path, portable=True)
    built.write_text(sources, "utf-8")


def tag(name: str) -> None:
    """Whether this tag may be released from this commit."""
    if name != f"v{project.version()}":
        raise SystemExit(f"the tag {name} does not fit the version {project.version()}")
    manifest.notes()


def complete(*, every_system: bool) -> None:
    """Manifest and checksums of what lies in dist/."""
    lacking = manifest.missing() if every_system else []
    if lacking:
        raise SystemExit(f"missing in dist/: {', '.join(lacking)}")
    manifest.write_manifest()
    manifest.write_checksums()


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step")
    for name in ("package", "archive", "portable", "same", "smoke", "notes"):
        steps.add_parser(name)
    steps.add_parser("check").add_argument("--portable", action="store_true")
    steps.add_parser("manifest").add_argument("--every-system", action="store_true")
    steps.add_parser("tag").add_argument("name")
    given = parser.parse_args(words)
    match given.step:
        case "package":
            package()
        case "archive":
            archive()
        case "portable":
            portable()
        case "same":
            same()
        case "check":
            check.check(archive_path(), portable=given.portable)
        case "smoke":
            smoke.smoke(archive_path())
        case "manifest":
            complete(every_system=given.every_system)
        case "tag":
            tag(given.name)
        case "notes":
            sys.stdout.write(manifest.notes())
        case _:
            everything()


if __name__ == "__main__":
    main(sys.argv[1:])
