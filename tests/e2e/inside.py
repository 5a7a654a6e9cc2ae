"""What a test sees of a container from inside, by an exec of kubectl's own."""

from __future__ import annotations

from e2e.support import Bench

_PEAK = ("memory.peak", "memory/memory.max_usage_in_bytes")
_USAGE = ("memory.current", "memory/memory.usage_in_bytes")


def command_lines(bench: Bench, name: str) -> list[str]:
    """Of every process of the container at this moment, that of the exec among them."""
    command = "for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $p; echo; done 2>/dev/null"
    return bench.exec(name, "sh", "-c", command).splitlines()


def script_runs(bench: Bench, name: str) -> bool:
    """Whether podx's script runs in the container at this moment."""
    return any(line.startswith("sh -s podx-observe") for line in command_lines(bench, name))


def is_cgroup_v1(bench: Bench, name: str) -> bool:
    """Only there may an exec be forced on a full container: on v2 it ends all of it."""
    found = bench.exec(name, "sh", "-c", "[ -e /sys/fs/cgroup/cgroup.controllers ] || echo v1")
    return found.strip() == "v1"


def memory_peak(bench: Bench, name: str) -> int:
    """Bytes that the container's cgroup had at most, whatever its version."""
    return _bytes(bench, name, *_PEAK)


def memory_usage(bench: Bench, name: str) -> int:
    """Bytes that the container's cgroup has now."""
    return _bytes(bench, name, *_USAGE)


def _bytes(bench: Bench, name: str, v2: str, v1: str) -> int:
    folder = "/sys/fs/cgroup"
    return int(bench.exec(name, "sh", "-c", f"cat {folder}/{v2} 2>/dev/null || cat {folder}/{v1}"))
