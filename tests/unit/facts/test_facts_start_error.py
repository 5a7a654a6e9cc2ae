"""Why a container could not start, from messages of a real runtime (containerd 2.4, runc 1.5)."""

from __future__ import annotations

import pytest

from kubectl_podx.facts.start_error import innermost, start_failure

WRAPPED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: "
)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            (
                "error during container init: error setting cgroup config for procHooks process: "
                "unable to set memory limit to 1048576 (current usage: 3424256, peak usage: 3571)"
            ),
            "its memory limit of 1048576 bytes is less than the 3424256 bytes",
        ),
        ("container init was OOM-killed (memory limit too low?)", "the memory limit is too low"),
        ("error during container init: mkdir /etc/passwd: not a directory", "'/etc/passwd'"),
        ("error during container init: something new", "something new"),
    ],
)
def test_the_reason_in_plain_words(message: str, words: str) -> None:
    said = start_failure(WRAPPED + message)
    assert words in said
    assert "shim" not in said


def test_the_innermost_error_is_what_the_last_wrapper_wraps() -> None:
    assert innermost(WRAPPED + "no such device") == "no such device"
    assert innermost("no wrapper at all") == "no wrapper at all"
