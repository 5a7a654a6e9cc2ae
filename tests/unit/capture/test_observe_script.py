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
from msgspec.structs import replace

from kubectl_podx.capture import look
from kubectl_podx.capture.frames import Frames, split
from kubectl_podx.capture.procfs import BootClock, pairs, processes
from kubectl_podx.pod.pod import ContainerEntry

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


@pytest.mark.parametrize("shell", SHELLS)
def test_processes_are_told_without_head_too(shell: list[str], tmp_path: Path) -> None:
    told = []
    for missing in ("", "head"):
        tools = tmp_path / f"tools{missing}"
        tools.mkdir()
        for name in {"head", "cat", "date", "ls", "stat", "grep", "df", "sha256sum"} - {missing}:
            (tools / name).symlink_to(shutil.which(name) or name)
        path = Path(shutil.which(shell[0]) or "").resolve()
        frames = run([str(path), *shell[1:]], script([]), {"PATH": str(tools)})
        assert frames.complete
        seen = processes(frames.get("processes") or b"", BootClock(frames.get("uptime")), {})
        mine = next(each for each in seen if each.pid == os.getpid())
        # What is not the same a moment later.
        told.append(replace(mine, state="", resident=None, started_at=None))
    assert told[0] == told[1]
    assert told[0].uid == os.geteuid()
    assert told[0].threads


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
    # What the kernel's own small files tell is still there; files of anybody else are not touched.
    assert frames.get("mountinfo")
    assert frames.get("limits")
    assert frames.get("files") is None
    assert frames.get("hosts") is None


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", ROOMY)
def test_cache_that_can_be_dropped_counts_as_free(
    shell: list[str], kind: str, tmp_path: Path
) -> None:
    frames = run(shell, script([], cgroup(tmp_path, **ROOMY[kind])))
    assert pairs(frames.get("cgroup"))["lean"] == "0"
    assert frames.get("environment")


def descendants(pid: int) -> list[int]:
    found = children(pid)
    for child in list(found):
        found += descendants(child)
    return found


def blocking(folder: Path, *names: str) -> dict[str, str]:
    """A PATH whose programs of these names wait for ever, and the file that says that one began.
    Of a name with a word after it only those that begin with that word.
    """
    tools = folder / "tools"
    tools.mkdir()
    for words in names:
        name, _, first = words.partition(" ")
        others = f'[ "$1" = {first} ] || exec {shutil.which(name)} "$@"\n' if first else ""
        # `exec`: the process that is killed must be the one that waits.
        (tools / name).write_text(
            f"#!/bin/sh\n{others}echo x > {shlex.quote(str(folder / 'began'))}\nexec sleep 1000\n"
        )
        (tools / name).chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}


@pytest.mark.parametrize("shell", [one for one in SHELLS if one.id != "busybox"])
@pytest.mark.parametrize("tool", ["sha256sum", "df", "head -q", "grep"])
def test_when_the_client_is_gone_what_runs_is_killed_and_waited_for(
    shell: list[str], tool: str, volume: Path, tmp_path: Path
) -> None:
    """Whatever it is that runs: also what reads a file of 200 GB."""
    environment = blocking(tmp_path, tool)
    # Into a file: a pipe that nobody empties would stop the script before it comes to its child.
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [*shell, "-s", "podx-observe"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    assert process.stdin
    with process:
        header = "podx_declared() { podx_mount / /; podx_config " + " ".join(
            [shlex.quote(str(volume)), shlex.quote(str(volume).replace(" ", "\\040"))]
        )
        process.stdin.write(script([], header + "; }\n"))
        process.stdin.flush()
        wait_until((tmp_path / "began").exists)
        mine = descendants(process.pid)
        process.stdin.close()
        assert process.wait(20) == 1
    for pid in mine:
        assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_write_that_nobody_reads_ends_with_the_client(shell: list[str], tmp_path: Path) -> None:
    """The shell itself waits in a write, where no trap of it runs."""
    header = "podx_work() {\n  podx_out=" + "x" * 200000 + "\n  podx_flush\n  podx_end\n}\n"
    process = subprocess.Popen(
        [*shell, "-s", "podx-observe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin
    with process:
        process.stdin.write(look.header({}, ContainerEntry("a", "app", {}, {}), "n", ""))
        process.stdin.write(look.script() + header.encode() + b"podx_main_program\n")
        process.stdin.flush()
        wait_until(lambda: any(_writes(pid) for pid in descendants(process.pid)))
        mine = descendants(process.pid)
        process.stdin.close()
        assert process.wait(20) == 1
        for pid in mine:
            assert not Path(f"/proc/{pid}").exists()


def _writes(pid: int) -> bool:
    try:
        return "pipe_write" in Path(f"/proc/{pid}/wchan").read_text() or (
            Path(f"/proc/{pid}/syscall").read_text().split()[0] == "1"
        )
    except (OSError, IndexError):
        return False


@pytest.mark.parametrize("shell", SHELLS)
def test_only_the_links_of_the_kubelet_are_followed(
    shell: list[str], volume: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "level").write_text("not of the volume")
    (volume / "out").symlink_to(elsewhere)
    (volume / "file").symlink_to(elsewhere / "level")
    (volume / "root").symlink_to("/")
    (volume / "..2026_11_25_02_01_50.123" / "sub" / "up").symlink_to(elsewhere)
    frames = run(shell, script([str(volume)]))
    listed = (frames.get("files") or b"").split(b"\0")
    names = {name.removeprefix(str(volume).encode() + b"/") for name in listed if name.strip()}
    assert names == {b".dotted", b"level", b"odd name\nwith a line", b"sub/deep"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_file_that_no_kubelet_wrote_is_not_read(shell: list[str], volume: Path) -> None:
    """A sparse file of 200 GB in the place of a key would take minutes to digest."""
    with (volume / "..data" / "level").open("wb") as file:
        file.truncate(200 << 30)
    (volume / "..data" / "odd name\nwith a line").unlink()
    frames = run(shell, script([str(volume)]))
    assert frames.complete
    digests = frames.get("digests") or b""
    assert b"/sub/deep" in digests
    assert b"/level" not in digests
    assert b" 214748364800 " in (frames.get("stats") or b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_folder_with_very_many_names_is_not_listed(shell: list[str], volume: Path) -> None:
    for number in range(6000):
        (volume / f"some-name-of-a-key-{number}").touch()
    frames = run(shell, script([str(volume)]))
    assert not (frames.get("files") or b"").strip()
    assert pairs(frames.get("folders")) == {"left_out": "1"}


@pytest.mark.parametrize("shell", SHELLS)
def test_many_descriptors_are_counted_without_their_names(shell: list[str], tmp_path: Path) -> None:
    read, write = os.pipe()
    script_text = (
        "import os,sys,time\nfor n in range(5000): os.dup(0)\nprint(flush=True)\nsys.stdin.read()"
    )
    many = subprocess.Popen(
        ["sh", "-c", 'ulimit -n 8000; exec python3 -c "$0"', script_text],
        stdin=read,
        stdout=subprocess.PIPE,
    )
    try:
        assert many.stdout
        many.stdout.readline()
        header = f"podx_find() {{ podx_pids_seen={many.pid} podx_main={many.pid} podx_shared=0 "
        header += "podx_left_out=0 podx_own=; }\n"
        stdin = look.header({}, ContainerEntry("a", "app", {}, {}), "nonce", "")
        frames = run(shell, stdin + look.script() + header.encode() + b"podx_main_program\n")
        found = pairs(frames.get("fds"))
        assert found["table"] == "8192"
        # Kernels before 6.2 do not count them.
        assert found["open"] in ("-", "5003")
        assert b"socket" not in (frames.get("fds") or b"")
    finally:
        os.close(write)
        os.close(read)
        many.wait(20)
        if many.stdout:
            many.stdout.close()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("limited", "lean"), [(1, "1"), (0, "0")])
def test_a_cgroup_that_cannot_be_read_counts_as_tight_under_a_limit(
    shell: list[str], limited: int, lean: str, tmp_path: Path
) -> None:
    header = f"podx_cgroup_root={shlex.quote(str(tmp_path))}\npodx_limited={limited}\n"
    frames = run(shell, script([], header))
    found = pairs(frames.get("cgroup"))
    assert (found["version"], found["lean"]) == ("unknown", lean)
    assert found["headroom"] == ("unknown" if limited else "known")


@pytest.mark.parametrize("shell", SHELLS)
def test_memory_high_bounds_as_memory_max_does(shell: list[str], tmp_path: Path) -> None:
    files = {
        "memory_dot_max": "134217728",
        "memory_dot_high": "33554432",
        "memory_dot_current": "30000000",
    }
    frames = run(shell, script([], cgroup(tmp_path, **files)))
    assert pairs(frames.get("cgroup"))["lean"] == "1"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_privileged_container_finds_its_own_group(shell: list[str], tmp_path: Path) -> None:
    """It sees the node's whole tree: its own group is at the path of /proc/self/cgroup."""
    path = "/kubepods.slice/pod.slice/cri-containerd-1.scope"
    cgroup(
        tmp_path, **{f"{path.strip('/')}/memory_dot_{k}": "33000000" for k in ("max", "current")}
    )
    header = f"podx_cgroup_root={shlex.quote(str(tmp_path))}\n"
    group_of = f"podx_group_of() {{ podx_found=0::{path}; }}\n"
    head = script([], header).removesuffix(b"podx_main_program\n")
    frames = run(shell, head + group_of.encode() + b"podx_main_program\n")
    found = pairs(frames.first("cgroup"))
    assert (found["version"], found["limit"], found["lean"]) == ("v2", "33000000", "1")


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
