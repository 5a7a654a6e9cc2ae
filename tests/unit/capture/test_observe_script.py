"""observe.sh itself, run by every shell that this machine has."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_podx.capture import look
from kubectl_podx.capture.frames import Frames, split
from kubectl_podx.capture.procfs import pairs
from kubectl_podx.model.pod import ContainerEntry

SHELLS = [
    pytest.param(words, id=words[0])
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"], ["sh"])
    if shutil.which(words[0])
]
pytestmark = pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs Linux")


def script(mounts: list[str], header: str = "") -> bytes:
    spec = {"volumeMounts": [{"name": "c", "mountPath": path} for path in mounts]}
    pod = {
        "metadata": {"uid": "no-such-pod"},
        "spec": {"volumes": [{"name": "c", "configMap": {"name": "settings"}}]},
    }
    entry = ContainerEntry("app", "app", spec, {})
    head = look.header(pod, entry, "nonce", "")
    return head + header.encode() + look.script() + b"podx_main_program\n"


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.name))
    return found


def run(shell: list[str], stdin: bytes, env: dict[str, str] | None = None) -> Frames:
    """stdin stays open until the script has ended by itself, as a look keeps it."""
    process = subprocess.Popen(
        [*shell, "-s", "podx-observe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with process:
        process.stdin.write(stdin)
        process.stdin.flush()
        output, errors = process.stdout.read(), process.stderr.read()
        process.stdin.close()
        assert process.wait(20) == 0, errors
    assert errors == b""
    return split(output, "nonce")


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A folder as the kubelet's atomic writer lays it out."""
    mount = tmp_path / "a mount's"
    generation = mount / "..2026_11_25_02_01_50.123"
    (generation / "sub").mkdir(parents=True)
    (generation / "level").write_text("very")
    (generation / "odd name\nwith a line").write_text("x")
    (generation / "sub" / "deep").write_text("deep")
    (generation / ".dotted").write_text("dot")
    (mount / "..data").symlink_to(generation.name)
    for name in ("level", "sub", ".dotted", "odd name\nwith a line"):
        (mount / name).symlink_to(f"..data/{name}")
    return mount


@pytest.mark.parametrize("shell", SHELLS)
def test_files_with_any_name_are_listed_and_digested(shell: list[str], volume: Path) -> None:
    frames = run(shell, script([str(volume)]))
    assert frames.complete
    listed = {name for name in (frames.get("files") or b"").split(b"\0") if name.strip()}
    root = str(volume).encode()
    assert listed == {
        root + b"/.dotted",
        root + b"/level",
        root + b"/odd name\nwith a line",
        root + b"/sub/deep",
    }
    assert (frames.get("digests") or b"").count(b"\n") >= 4
    assert b" -> ..2026_11_25_02_01_50.123" in (frames.get("links") or b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_environment_is_that_of_the_session_and_not_of_the_shell(shell: list[str]) -> None:
    frames = run(shell, script([]), {"ODD": "two\nlines", "A.B-C": "dots"})
    environment = (frames.get("environment") or b"").split(b"\0")
    assert b"ODD=two\nlines" in environment
    assert b"A.B-C=dots" in environment
    assert not [one for one in environment if one.startswith(b"podx_")]


def cgroup(root: Path, **files: str) -> str:
    """A header that makes the script read its cgroup below this folder."""
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    return f"podx_cgroup_root={shlex.quote(str(root))}\n"


TIGHT = {
    "v2": {"memory_dot_max": "33554432", "memory_dot_current": "30000000"},
    "v1": {
        "memory__memory_dot_limit_in_bytes": "33554432",
        "memory__memory_dot_usage_in_bytes": "30000000",
    },
    "pids": {
        "memory_dot_max": "max",
        "memory_dot_current": "30000000",
        "pids_dot_max": "10",
        "pids_dot_current": "7",
    },
}
ROOMY = {
    "cache": {
        "memory_dot_max": "33554432",
        "memory_dot_current": "30000000",
        "memory_dot_stat": "anon 1000\ninactive_file 29000000",
    },
    "unlimited": {
        "memory__memory_dot_limit_in_bytes": "9223372036854771712",
        "memory__memory_dot_usage_in_bytes": "30000000",
    },
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", TIGHT)
def test_with_too_little_headroom_nothing_is_forked(
    shell: list[str], kind: str, volume: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("cat", "ls", "sha256sum", "stat", "df", "date", "grep"):
        (tools / name).write_text(f"#!/bin/sh\ntouch {shlex.quote(str(tmp_path / 'ran'))}\n")
        (tools / name).chmod(0o755)
    header = cgroup(tmp_path, **TIGHT[kind])
    frames = run(shell, script([str(volume)], header), {"PATH": f"{tools}:{os.environ['PATH']}"})
    assert frames.complete
    assert pairs(frames.get("cgroup"))["lean"] == "1"
    assert not (tmp_path / "ran").exists()
    # What builtins can tell is still there.
    assert frames.get("mountinfo")
    assert str(volume).encode() + b"/level" in (frames.get("files") or b"")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", ROOMY)
def test_cache_that_can_be_dropped_counts_as_free(
    shell: list[str], kind: str, tmp_path: Path
) -> None:
    frames = run(shell, script([], cgroup(tmp_path, **ROOMY[kind])))
    assert pairs(frames.get("cgroup"))["lean"] == "0"
    assert frames.get("environment")


@pytest.mark.parametrize("shell", SHELLS)
def test_when_the_client_is_gone_the_child_is_killed_and_waited_for(
    shell: list[str], tmp_path: Path
) -> None:
    # A pipe without a writer: `cat` waits in it for ever, in every shell and as an applet too.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    declared = f"podx_declared() {{ podx_plain 0 {shlex.quote(str(pipe))}; }}\n"
    # Into a file: a pipe that nobody empties would stop the script before it comes to its child.
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [*shell, "-s", "podx-observe"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    assert process.stdin
    with process:
        process.stdin.write(script([], declared))
        process.stdin.flush()

        def waiting() -> list[int]:
            return [
                pid
                for pid in children(process.pid)
                if str(pipe).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
            ]

        wait_until(lambda: bool(waiting()))
        mine = children(process.pid)
        process.stdin.close()
        assert process.wait(20) == 1
    for pid in mine:
        assert not Path(f"/proc/{pid}").exists()


def test_nothing_but_name_version_and_digest_is_on_the_command_line() -> None:
    command = look.command()
    assert command[:3] == ["sh", "-s", "podx-observe"]
    assert all(len(word) <= 12 for word in command)
    assert b"\n#" not in look.script()


def test_paths_are_quoted_for_the_shell() -> None:
    path = "/a'b $(touch /tmp/x)`id`"
    head = look.header(
        {"metadata": {}, "spec": {"volumes": [{"name": "c", "configMap": {}}]}},
        ContainerEntry("a", "app", {"volumeMounts": [{"name": "c", "mountPath": path}]}, {}),
        "n",
        "",
    )
    quoted = subprocess.run(
        [
            "sh",
            "-c",
            head.decode() + 'podx_mount() { printf %s "$1"; }; podx_config() { :; }; podx_declared',
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert quoted.stdout == path
