"""Programs of the person's own: the browser for `--open`, the one of KUBECTL_EXTERNAL_DIFF."""

from __future__ import annotations

import os
import subprocess
import tempfile
import webbrowser
from collections.abc import Iterable
from pathlib import Path

from kubectl_podx.cli.environment import Environment
from kubectl_podx.model.errors import InputError, PodxError
from kubectl_podx.model.patterns import lazy


def open_page(page: str, env: Environment) -> None:
    """Writes the page with mode 0600 and opens it. Where it is, is said on standard error.

    The file stays: a browser reads it when it gets to it, and again on a reload. Without a browser
    the file is all there is, and that is said, too.
    """
    path = _written(page)
    try:
        shown = webbrowser.open(path.as_uri())
    except (webbrowser.Error, OSError):
        shown = False
    if shown:
        env.say(f"The page is in {path}; delete it when you have read it.")
    else:
        env.say(f"No browser could be started. The page is in {path}")


def _written(page: str) -> Path:
    try:
        handle, name = tempfile.mkstemp(prefix="podx-", suffix=".html")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(page)
    except OSError as error:
        raise InputError(
            f"cannot write the page: {(error.strerror or 'input/output error').lower()}"
        ) from None
    return Path(name)


VARIABLE = "KUBECTL_EXTERNAL_DIFF"

# kubectl leaves out every other argument (staging/src/k8s.io/kubectl/pkg/cmd/diff/diff.go).
_ARGUMENT = lazy(r"[a-zA-Z0-9=-]+")
_DIFFERENT = 1
_FILE_NAME = lazy(r"[^A-Za-z0-9.-]")


def run(command: str, pairs: Iterable[tuple[str, str, str]], env: Environment) -> None:
    """Compares (file name, text before, text after) by the command, in two folders of their own.

    Its output is the program's. Exit status 1 means that there are differences, as for diff; more
    is an error, PodxError. The folders are the person's alone and are removed at the end.
    """
    program, *given = command.split(" ")
    words = [program, *(word for word in given if _ARGUMENT.fullmatch(word))]
    with (
        tempfile.TemporaryDirectory(prefix="LIVE-") as before,
        tempfile.TemporaryDirectory(prefix="MERGED-") as after,
    ):
        for name, old, new in pairs:
            file = _FILE_NAME.sub("_", name)[:200]
            Path(before, file).write_text(old, encoding="utf-8")
            Path(after, file).write_text(new, encoding="utf-8")
        env.stdout.flush()
        try:
            status = subprocess.run([*words, before, after], check=False).returncode
        except (OSError, ValueError):
            raise PodxError(f"the program of {VARIABLE} cannot be run") from None
    if status not in (0, _DIFFERENT):
        raise PodxError(f"the program of {VARIABLE} ended with exit status {status}")
