"""What a person sees: twenty situations on a terminal of 80 and of 120 columns.

A real pseudo-terminal of that size stands in for the screen; the whole program writes to it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

ROOT = Path(__file__).resolve().parents[3]
RECORDED = ROOT / "tests" / "incidents" / "recorded"
SITUATIONS = (
    "liveness-http-404",
    "oom-main",
    "exit-python-traceback",
    "start-missing-binary",
    "config-map-missing",
    "image-unknown-tag",
    "pending-cpu",
    "claim-class-missing",
    "room-is-being-made",
    "devices-not-prepared",
    "init-loops",
    "why-init-waits",
    "readiness-loopback",
    "why-port-80",
    "evicted-empty-dir",
    "deleting-slowly",
    "workloads/deploy-quota-partial",
    "workloads/sts-forced-rollback",
    "workloads/job-back-off",
    "fine-sources",
)
# Colours, and nothing else that moves a cursor.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What cannot be broken without being useless: commands to paste, and log lines.
_WHOLE = re.compile(r"^\s*(?:fix: |next:|\|)")


def screen(recording: str, columns: int) -> list[str]:
    """The lines that `describe --from` writes to a terminal of that width, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    words = [sys.executable, "-m", "kubectl_podx", "describe", "--from"]
    size = ("COLUMNS", "LINES")
    environ = {name: value for name, value in os.environ.items() if name not in size}
    with subprocess.Popen(
        [*words, str(RECORDED / f"{recording}.podx")],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**environ, "TERM": "xterm-256color"},
    ) as program:
        os.close(theirs)
        written = bytearray()
        # The end of a pseudo-terminal is an error on Linux, and no bytes elsewhere.
        try:
            while data := os.read(ours, 65536):
                written += data
        except OSError:
            pass
        os.close(ours)
    assert program.returncode == 0, written.decode()
    text = written.decode().replace("\r\n", "\n")
    assert _COLOURS.search(text), "a terminal gets colours"
    plain = _COLOURS.sub("", text)
    assert "\x1b" not in plain
    return plain.splitlines()


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("recording", SITUATIONS)
def test_a_screen(recording: str, columns: int, snapshot: SnapshotAssertion) -> None:
    lines = screen(recording, columns)
    wide = [one for one in lines if len(one) > columns and not _WHOLE.match(one)]
    assert wide == []
    assert "\n".join(lines) == snapshot
