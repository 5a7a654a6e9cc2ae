"""The end of the process: at once where a thread is left, with everything written."""

from __future__ import annotations

import subprocess
import sys

LEFT = "import threading, time; threading.Thread(target=time.sleep, args=(600,)).start()"
LEAVE = "from kubectl_podx.__main__ import _leave; print('written', end=''); _leave(3)"


def test_a_thread_that_is_left_is_not_waited_for_and_nothing_is_lost() -> None:
    for code in (LEAVE, f"{LEFT}; {LEAVE}"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (3, b"written", b"")
