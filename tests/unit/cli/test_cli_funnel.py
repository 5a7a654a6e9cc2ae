"""Every way to fail ends in one line and the right status, never in a traceback."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import click
import pytest

from kit.cli_runs import Run, web
from kubectl_podx.cli import engine
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.funnel import main, message
from kubectl_podx.model.errors import ExitStatus, InputError, PodxError, UsageError

compress = partial(gzip.compress, mtime=0)
"""The same bytes in every run: they are in the names of tests."""


@pytest.mark.parametrize(
    ("error", "text", "status"),
    [
        (PodxError("it broke"), "error: it broke\n", 1),
        (InputError("no such file"), "error: no such file\n", 1),
        (PodxError("error: already said"), "error: already said\n", 1),
        (
            PodxError('Error from server (NotFound): pods "x" not found'),
            'Error from server (NotFound): pods "x" not found\n',
            1,
        ),
        (
            PodxError("The connection to the server h was refused"),
            "The connection to the server h was refused\n",
            1,
        ),
        (
            PodxError("Unable to connect to the server: EOF"),
            "Unable to connect to the server: EOF\n",
            1,
        ),
        (UsageError("no"), "error: no\nSee 'kubectl podx --help' for usage.\n", 2),
        (PodxError("a\x1b[2Jb"), "error: a\\x1b[2Jb\n", 1),
        (click.ClickException("odd"), "error: odd\n", 1),
        (click.Abort(), "", 130),
    ],
)
def test_messages(error: Exception, text: str, status: int) -> None:
    assert message(error) == (text, status)


@pytest.mark.parametrize(
    "error", [ValueError("s3cret"), KeyError("s3cret"), RecursionError("s3cret"), OSError("s3cret")]
)
def test_an_unexpected_error_says_its_type_and_never_its_text(
    run: Run, bundle: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(engine, "capture_of", fail)
    result = run("describe", "--from", bundle)
    assert result.status == 1
    assert result.err.startswith(f"error: internal error in podx ({type(error).__name__}); run ")
    assert result.err.count("\n") == 1
    assert "s3cret" not in result.err
    shown = run("describe", "--from", bundle, KUBECTL_PODX_TRACEBACK="1")
    assert "Traceback" in shown.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a podx bundle"),
        (b"apiVersion: v1\n", "is not a podx bundle"),
        (compress(b"{"), "is damaged or is not a podx bundle"),
        (compress(b'{"pods": 3}'), "is damaged or is not a podx bundle"),
    ],
)
def test_a_bad_bundle(run: Run, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.podx"
    path.write_bytes(content)
    result = run("describe", "--from", str(path))
    assert result.status == 1
    assert result.err == f"error: 'x.podx' {says}" + (
        " (made by 'kubectl podx capture')\n" if "damaged" not in says else "\n"
    )


def test_a_bundle_that_is_not_there(run: Run, tmp_path: Path) -> None:
    result = run("describe", "--from", str(tmp_path / "none"))
    assert result.status == 1
    assert result.err.startswith("error: cannot read ")


@pytest.mark.parametrize("content", ["", "a: [", "- 1\n", "kind: Pod\n", "\x00", "&a [*a]"])
def test_a_bad_manifest(run: Run, tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(content)
    result = run("describe", "-f", str(path))
    assert result.status == 1
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1


def test_ctrl_c_ends_with_130(run: Run, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "capture_of", interrupt)
    assert run("describe", "--from", bundle) == (ExitStatus.INTERRUPTED, "", "")


_HANGS = """
import sys, threading, time
from kubectl_podx.cli import engine, funnel
def hang(*_):
    def forever():
        while True:
            time.sleep(60)
    threading.Thread(target=forever).start()
    print("ready", file=sys.stderr, flush=True)
    try:
        time.sleep(60)
    finally:
        time.sleep(60)
engine.capture_of = hang
sys.exit(funnel.main(["describe", "--from", "x"]))
"""


def test_ctrl_c_does_not_wait_for_what_hangs() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HANGS], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=20)
    assert process.returncode == ExitStatus.INTERRUPTED
    assert err == b""


class GoneReader(io.StringIO):
    """A pipe that nobody reads."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_has_enough_is_no_error(bundle: str) -> None:
    env = Environment(stdout=GoneReader(), stderr=io.StringIO(), variables={}, home="")
    assert main(["describe", "--from", bundle], env) == 0
    assert env.stderr.getvalue() == ""  # type: ignore[attr-defined]


def start(*words: str, **settings: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "kubectl_podx", *words]
    return subprocess.run(command, check=False, **settings)  # type: ignore[call-overload, no-any-return]


def test_a_full_disk_is_said(bundle: str) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("there is no /dev/full here")
    with Path("/dev/full").open("wb") as full:
        done = start("describe", "--from", bundle, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: cannot write the output: no space left on device\n")
    assert b"Traceback" not in done.stderr


def test_a_terminal_without_utf8_gets_escapes(tmp_path: Path) -> None:
    body = web("web-0")
    body["status"] = {"phase": "Running", "message": "schön"}
    path = tmp_path / "pod.json"
    path.write_text(json.dumps(body))
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = start("describe", "-f", str(path), "-o", "yaml", capture_output=True, env=environ)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


def test_the_module_is_an_entrance_too(bundle: str) -> None:
    done = start("describe", "--from", bundle, "-o", "name", capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"pod/web-0\n")
