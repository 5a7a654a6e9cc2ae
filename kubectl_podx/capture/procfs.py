"""Parsers of what `/proc` and the cgroup say: bytes in, facts of the model out. Pure and total."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from kubectl_podx.model.capture import Connection, Headroom, Listener, Mount, Process
from kubectl_podx.model.clock import from_epoch
from kubectl_podx.model.outside import Pressure
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.words import SeccompMode

_TICKS = 100  # USER_HZ, fixed at 100 for user space on every architecture Kubernetes runs on
_PAGE = 4096
_SIGTERM = 15
_STAT = lazy(rb"(\d{1,10}) \((.{0,64})\) ([A-Za-z]) (.*)", re.DOTALL)
_CONTAINER_ID = lazy(r"([0-9a-f]{64})(?:\.scope)?(?:/|$)", re.MULTILINE)
_UNIFIED = lazy(r"^0::(/.*)$", re.MULTILINE)
_ARGUMENTS = lazy(rb"^/proc/(\d{1,10})/cmdline:(\d{1,9})$", re.MULTILINE)
_OPEN_FILES = lazy(rb"^Max open files\s+(\d{1,18})\s", re.MULTILINE)
_NAMESPACE = lazy(r"(\w+) -> (\w+):\[(\d+)\]")
_SOCKET = lazy(rb" (\d+) -> socket:\[(\d+)\]")
_FD_FOLDER = lazy(rb"/proc/(\d+)/fd:")

# A table that was cut ends in the middle of a line, and the next one's head follows there.
_TABLE_HEAD = lazy(rb" *sl +local_address[^\n]*")
_SECCOMP: dict[str, SeccompMode] = {"0": "disabled", "1": "strict", "2": "filter"}
_LISTEN, _SYN_SENT, _CLOSE_WAIT, _UDP_BOUND = "0A", "02", "08", "07"
_MOST_CONNECTIONS = 200
_MAPPED = b"\0" * 10 + b"\xff\xff"
"""An IPv4 address in a table of IPv6 begins with it (RFC 4291, 2.5.5.2)."""


def text_of(content: bytes) -> str:
    """Bytes of a container as text that any encoder takes: invalid UTF-8 becomes U+FFFD."""
    return content.decode("utf-8", "replace")


def pairs(content: bytes | None) -> dict[str, str]:
    """Lines `KEY VALUE` as a mapping; the first of a key counts."""
    found: dict[str, str] = {}
    for line in text_of(content or b"").splitlines():
        key, _, value = line.strip().partition(" ")
        if key:
            found.setdefault(key, value.strip())
    return found


def whole(text: str | None) -> int | None:
    """A whole number of at most 18 digits; None for everything else, `max` and `-1` included."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


class BootClock:
    """Turns jiffies since boot into moments, by the node's clock and uptime at the look."""

    def __init__(self, content: bytes | None) -> None:
        lines = text_of(content or b"").split("\n")
        self.now = _seconds(lines[1] if len(lines) > 1 else "")
        uptime = _seconds(lines[0].partition(" ")[0])
        both = self.now is not None and uptime is not None
        self._boot = self.now - uptime if both and self.now and uptime else None

    def moment(self, jiffies: int) -> str | None:
        """RFC 3339 with milliseconds; None where the clocks could not be read."""
        if self._boot is None:
            return None
        try:
            found = from_epoch(self._boot + jiffies / _TICKS)
        except (OverflowError, ValueError, OSError):
            return None
        return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03d}Z"


def _seconds(text: str) -> float | None:
    match = re.match(r"\d{1,12}(?:\.\d{1,9})?", text.strip())
    return float(match.group()) if match else None


def processes(
    content: bytes, clock: BootClock, counts: dict[int, int], reader: CgroupReader | None = None
) -> list[Process]:
    """From stat, cgroup and status of many processes, in that order for each."""
    reader = reader or CgroupReader()
    found: list[Process] = []
    blocks: list[tuple[re.Match[bytes], list[bytes]]] = []
    for line in content.split(b"\n"):
        head = _STAT.fullmatch(line)
        if head:
            blocks.append((head, []))
        elif blocks:
            blocks[-1][1].append(line)
    for head, rest in blocks:
        process = _process(head, rest, clock, reader)
        if process is not None:
            found.append(process)
    return [_counted(process, counts.get(process.pid)) for process in found]


def _counted(process: Process, count: int | None) -> Process:
    if count is None:
        return process
    return msgspec.structs.replace(process, argument_count=max(0, count - 1))


def _process(
    head: re.Match[bytes], rest: list[bytes], clock: BootClock, reader: CgroupReader
) -> Process | None:
    fields = head.group(4).split()
    if len(fields) < 21:
        return None
    status = _status(rest)
    started = whole(fields[18].decode("ascii", "replace"))
    resident = whole(fields[20].decode("ascii", "replace"))
    uids, gids = status.get("Uid", "").split(), status.get("Gid", "").split()
    return Process(
        pid=int(head.group(1)),
        parent=whole(fields[0].decode("ascii", "replace")),
        container_id=reader.container_id(text_of(b"\n".join(rest))),
        executable=text_of(head.group(2)),
        state=head.group(3).decode(),
        started_at=clock.moment(started) if started is not None else None,
        uid=whole(uids[1]) if len(uids) > 1 else None,
        gid=whole(gids[1]) if len(gids) > 1 else None,
        groups=[n for g in status.get("Groups", "").split() if (n := whole(g)) is not None],
        handles_term=_has_signal(status.get("SigCgt"), _SIGTERM),
        blocked_or_ignored_term=_either(
            _has_signal(status.get("SigBlk"), _SIGTERM), _has_signal(status.get("SigIgn"), _SIGTERM)
        ),
        effective_capabilities=_mask(status.get("CapEff")),
        no_new_privileges={"0": False, "1": True}.get(status.get("NoNewPrivs", "")),
        seccomp=_SECCOMP.get(status.get("Seccomp", "")),
        threads=whole(status.get("Threads", "")),
        resident=resident * _PAGE if resident is not None else None,
    )


def _status(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        key, colon, value = text_of(line).partition(":\t")
        if colon:
            found.setdefault(key, value.strip())
    return found


def status_fields(content: bytes | None) -> dict[str, str]:
    """`/proc/N/status` as a mapping."""
    return _status((content or b"").split(b"\n"))


def has_capability(status: dict[str, str], bit: int) -> bool | None:
    """Whether CapEff holds the capability of this number (19 is SYS_PTRACE)."""
    return _has_bit(status.get("CapEff"), bit)


def _has_signal(mask: str | None, signal: int) -> bool | None:
    return _has_bit(mask, signal - 1)


def _has_bit(mask: str | None, bit: int) -> bool | None:
    if mask is None or not re.fullmatch(r"[0-9a-f]{1,32}", mask):
        return None
    return bool(int(mask, 16) >> bit & 1)


def _mask(found: str | None) -> int | None:
    """Sixteen hexadecimal digits: the kernel's masks of capabilities have 64 bits."""
    return int(found, 16) if found and re.fullmatch(r"[0-9a-f]{1,16}", found) else None


def _either(one: bool | None, other: bool | None) -> bool | None:
    return None if one is None and other is None else bool(one or other)


def container_id(cgroup: str) -> str | None:
    """The id at the end of a cgroup path; the last one, as a container may hold another."""
    found = _CONTAINER_ID.findall(cgroup)
    return found[-1] if found else None


class CgroupReader(Struct, frozen=True):
    """Who stands behind the lines of `/proc/N/cgroup`, as seen from one container.

    On cgroup v2 a container has a cgroup namespace of its own by default: it sees itself as `0::/`,
    what it made below as `0::/NAME`, and its neighbours as `0::/../NAME` (cgroup_namespaces(7)).
    """

    own_line: str = ""
    """The line of the exec session itself."""
    own_id: str = ""
    """The id of the container that the session runs in."""

    def container_id(self, cgroup: str) -> str | None:
        """The id of a process's container; None where that cannot be told."""
        found = container_id(cgroup)
        if found is not None or not self._private:
            return found
        unified = _UNIFIED.search(cgroup)
        if unified is None or unified[1].startswith("/.."):
            return None
        return self.own_id or None

    @property
    def _private(self) -> bool:
        """Whether the session has a cgroup namespace: its own path names no container."""
        path = self.own_line.removeprefix("0::")
        return (
            self.own_line.startswith("0::/")
            and container_id(self.own_line) is None
            and "kubepods" not in path
            and not path.startswith("/..")
        )


def argument_counts(content: bytes) -> dict[int, int]:
    """`grep -zc` over `/proc/N/cmdline`: pid -> number of words, the program's name included."""
    found = _ARGUMENTS.findall(content)
    return {int(pid): int(count) for pid, count in found}


def namespaces(content: bytes) -> dict[str, dict[str, str]]:
    """`ls -l` of `/proc/N/ns` folders: N -> kind -> inode, without the `_for_children` kinds."""
    found: dict[str, dict[str, str]] = {}
    current = ""
    for line in text_of(content).splitlines():
        folder = re.fullmatch(r"/proc/(\d+)/ns/?:", line.strip())
        if folder:
            current = folder.group(1)
            continue
        match = _NAMESPACE.search(line)
        if match and match.group(1) == match.group(2):
            found.setdefault(current, {})[match.group(1)] = match.group(3)
    return found


def mountinfo(content: bytes) -> list[Mount]:
    """`/proc/N/mountinfo`; lines of another shape are passed over."""
    return [mount for line in content.split(b"\n") if (mount := _mount(text_of(line)))]


def _mount(line: str) -> Mount | None:
    left, dash, right = line.partition(" - ")
    fields, rest = left.split(" "), right.split(" ")
    if not dash or len(fields) < 6 or len(rest) < 3:
        return None
    return Mount(
        path=_unescape(fields[4]),
        root=_unescape(fields[3]),
        device=fields[2],
        fstype=rest[0],
        source=_unescape(rest[1]),
        read_only="ro" in fields[5].split(","),
        super_read_only="ro" in rest[2].split(","),
    )


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def socket_owners(content: bytes) -> dict[str, int]:
    """`ls -l` of `/proc/N/fd` folders: socket inode -> the lowest pid that holds it."""
    found: dict[str, int] = {}
    pid = None
    for line in content.split(b"\n"):
        folder = _FD_FOLDER.fullmatch(line.strip())
        if folder:
            pid = int(folder.group(1))
            continue
        match = _SOCKET.search(line)
        if match and pid is not None:
            inode = match.group(2).decode()
            found[inode] = min(pid, found.get(inode, pid))
    return found


def sockets(
    tables: dict[str, bytes], owners: dict[str, int]
) -> tuple[list[Listener], list[Connection]]:
    """`/proc/net/{tcp,tcp6,udp,udp6}` -> listeners, and connections in SYN_SENT or CLOSE_WAIT.

    A key of `tables` may name several tables, `tcp tcp6`, that follow one another.
    """
    listeners: list[Listener] = []
    hanging: dict[Connection, int] = {}
    for table, content in _each_table(tables):
        for fields in _rows(content):
            local, remote = _endpoint(fields[1]), _endpoint(fields[2])
            if local is None or remote is None:
                continue
            state, inode, uid = fields[3], fields[9], whole(fields[7])
            if state == (_LISTEN if table.startswith("tcp") else _UDP_BOUND) and remote[1] == 0:
                listeners.append(
                    Listener(
                        protocol="TCP" if table.startswith("tcp") else "UDP",
                        address=local[0],
                        port=local[1],
                        uid=uid,
                        inode=inode,
                        pid=owners.get(inode),
                        queue=_queue(fields[4]),
                    )
                )
            elif table.startswith("tcp") and state in (_SYN_SENT, _CLOSE_WAIT):
                one = Connection(
                    state="SYN_SENT" if state == _SYN_SENT else "CLOSE_WAIT",
                    local_address=local[0],
                    # The port of our own end of an outgoing connection says nothing.
                    local_port=0 if state == _SYN_SENT else local[1],
                    remote_address=remote[0],
                    remote_port=remote[1] if state == _SYN_SENT else 0,
                    uid=uid,
                )
                hanging[one] = hanging.get(one, 0) + 1
    return listeners, _with_counts(hanging)


def _each_table(tables: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for names, content in tables.items():
        known = names.split()
        # Every table begins with a line of the names of its columns.
        parts = _TABLE_HEAD.split(content)[1:] if len(known) > 1 else [content]
        if len(parts) == len(known):
            yield from zip(known, parts, strict=True)


def _with_counts(hanging: dict[Connection, int]) -> list[Connection]:
    worst = sorted(hanging.items(), key=lambda item: -item[1])[:_MOST_CONNECTIONS]
    return [msgspec.structs.replace(one, count=count) for one, count in worst]


def _rows(content: bytes) -> Iterator[list[str]]:
    for line in text_of(content).splitlines():
        fields = line.split()
        if len(fields) >= 10 and fields[0].endswith(":"):
            yield fields


def _queue(field: str) -> int | None:
    # tx_queue:rx_queue in hex; for a listener rx_queue is the number waiting to be accepted.
    _, colon, received = field.partition(":")
    return int(received, 16) if colon and re.fullmatch(r"[0-9A-F]{1,8}", received) else None


def _endpoint(field: str) -> tuple[str, int] | None:
    match = re.fullmatch(r"([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})", field)
    if match is None:
        return None
    raw = bytes.fromhex(match.group(1))
    # Each 32-bit word stands in the machine's own order, which is little-endian.
    ordered = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return _address(ordered), int(match.group(2), 16)


def _address(ordered: bytes) -> str:
    """Most listeners have one of the first three; the module for all others takes 2 ms."""
    version_4 = ordered.removeprefix(_MAPPED)
    if len(version_4) == 4:
        return ".".join(map(str, version_4))
    if ordered[:15] == bytes(15) and ordered[15] < 2:
        return "::1" if ordered[15] else "::"
    import ipaddress  # noqa: PLC0415 - as above

    return str(ipaddress.IPv6Address(ordered))


def open_files_limit(content: bytes | None) -> int | None:
    """The soft limit of `Max open files` in `/proc/N/limits`."""
    match = _OPEN_FILES.search(content or b"")
    return int(match.group(1)) if match else None


# cgroup v1 writes "no limit" as the largest multiple of the page size that fits.
_UNLIMITED = 1 << 60


def headroom(content: bytes | None, *, enough: bool) -> Headroom:
    """What the container's cgroup says. `enough`: whether the look forked."""
    found = pairs(content)
    version = found.get("version")
    known = found.get("headroom") != "unknown"
    if version == "v2":
        quota, _, period = found.get("cpu_max", "").partition(" ")
        return Headroom(
            version="v2",
            memory_limit=whole(found.get("limit")),
            memory_high=whole(found.get("memory_high")),
            memory_high_events=whole(found.get("high")),
            memory_usage=whole(found.get("usage")),
            memory_peak=whole(found.get("peak")),
            swap_usage=whole(found.get("swap_current")),
            swap_limit=whole(found.get("swap_max")),
            memory_pressure=_pressure(found, "memory"),
            cpu_pressure=_pressure(found, "cpu"),
            io_pressure=_pressure(found, "io"),
            oom_kills=whole(found.get("oom_kill")),
            pids_limit=whole(found.get("pids_limit")),
            pids_used=whole(found.get("pids_used")),
            cpu_quota=whole(quota),
            cpu_period=whole(period),
            cpu_shares=whole(found.get("cpu_weight")),
            throttled_periods=whole(found.get("nr_throttled")),
            total_periods=whole(found.get("nr_periods")),
            throttled_seconds=_scaled(found.get("throttled_usec"), 1e6),
            enough=enough,
            known=known,
        )
    if version == "v1":
        limit = whole(found.get("limit"))
        return Headroom(
            version="v1",
            memory_limit=limit if limit is not None and limit < _UNLIMITED else None,
            memory_usage=whole(found.get("usage")),
            memory_peak=whole(found.get("peak")),
            oom_kills=whole(found.get("oom_kill")),
            pids_limit=whole(found.get("pids_limit")),
            pids_used=whole(found.get("pids_used")),
            cpu_quota=whole(found.get("cpu_quota")),
            cpu_period=whole(found.get("cpu_period")),
            cpu_shares=whole(found.get("cpu_shares")),
            throttled_periods=whole(found.get("nr_throttled")),
            total_periods=whole(found.get("nr_periods")),
            throttled_seconds=_scaled(found.get("throttled_time"), 1e9),
            enough=enough,
            known=known,
        )
    return Headroom(enough=enough, known=known)


def _pressure(found: dict[str, str], resource: str) -> Pressure:
    """Documentation/accounting/psi.rst: `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`."""
    some = _averages(found.get(f"pressure_{resource}_some"))
    full = _averages(found.get(f"pressure_{resource}_full"))
    return Pressure(
        some10=some.get("avg10"),
        some60=some.get("avg60"),
        full10=full.get("avg10"),
        full60=full.get("avg60"),
    )


def _averages(text: str | None) -> dict[str, float]:
    return {
        name: min(100.0, float(value))
        for name, value in re.findall(r"(avg10|avg60)=(\d{1,3}\.\d{1,2})(?=\s|$)", text or "")
    }


def _scaled(text: str | None, per_second: float) -> float | None:
    value = whole(text)
    return None if value is None else round(value / per_second, 3)
