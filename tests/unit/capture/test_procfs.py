"""What /proc says, parsed from the bytes of real containers and from noise."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.capture import procfs
from kubectl_podx.capture.frames import Frames, split
from kubectl_podx.capture.procfs import headroom

RECORDED = Path(__file__).parent / "recorded"


def frames(name: str) -> Frames:
    return split((RECORDED / name).read_bytes(), "podx-recorded")


def clock() -> procfs.BootClock:
    return procfs.BootClock(b"100.50 90.00\n1790000100.500000000\n")


def test_processes_of_a_shared_pid_namespace_name_their_containers() -> None:
    found = frames("look-busybox.bin")
    seen = procfs.processes(
        found.get("processes") or b"",
        procfs.BootClock(found.get("uptime")),
        procfs.argument_counts(found.get("arguments") or b""),
    )
    by_name = {one.executable: one for one in seen}
    assert by_name["pause"].pid == 1
    assert by_name["pause"].handles_term
    assert by_name["httpd"].argument_count == 4
    assert by_name["httpd"].container_id != by_name["noshell"].container_id
    assert len({one.container_id for one in seen}) == 4
    assert all(one.started_at and one.started_at.startswith("2026-") for one in seen)
    assert by_name["httpd"].uid == 0
    assert (by_name["httpd"].resident or 0) > 100_000


def test_a_name_may_hold_spaces_and_parentheses() -> None:
    line = b"7 (a) R (b c) S 1 7 7 0 -1 4 0 0 0 0 1 2 0 0 20 0 3 0 50 4096 9 1\n"
    (process,) = procfs.processes(line, clock(), {7: 3})
    assert (process.executable, process.state, process.parent) == ("a) R (b c", "S", 1)
    assert process.started_at == "2026-09-21T14:13:20.500Z"
    assert process.argument_count == 2


def test_the_effective_ids_and_signal_masks_come_from_status() -> None:
    content = (
        b"1 (init) S 0 1 1 0 -1 4 0 0 0 0 1 2 0 0 20 0 1 0 50 4096 9 1\n"
        b"11:memory:/kubepods/pod1/" + b"a" * 64 + b"\n"
        b"Name:\tinit\nUid:\t0\t1000\t0\t0\nGid:\t5\t6\t7\t8\nGroups:\t6 44 \nThreads:\t3\n"
        b"SigBlk:\t0000000000000000\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000004002\n"
    )
    (process,) = procfs.processes(content, clock(), {})
    assert (process.uid, process.gid, process.groups) == (1000, 6, [6, 44])
    assert process.handles_term is True
    assert process.blocked_or_ignored_term is False
    assert process.threads == 3
    assert process.container_id == "a" * 64


@pytest.mark.parametrize(
    ("line", "container"),
    [
        ("5:memory:/kubepods/burstable/pod0-1/" + "b" * 64, "b" * 64),
        ("0::/../cri-containerd-" + "c" * 64 + ".scope", "c" * 64),
        ("0::/kubepods.slice/pod.slice/crio-" + "d" * 64 + ".scope/nested", "d" * 64),
        ("0::/", None),
    ],
)
def test_the_container_is_told_by_the_end_of_the_cgroup_path(
    line: str, container: str | None
) -> None:
    assert procfs.container_id(line) == container


def test_namespaces_by_pid_without_those_for_children() -> None:
    found = procfs.namespaces(frames("look-busybox.bin").get("namespaces") or b"")
    own = next(kinds for pid, kinds in found.items() if pid != "1")
    assert set(own) == {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}
    assert own["net"] == found["1"]["net"]
    assert own["mnt"] != found["1"]["mnt"]


def test_mountinfo_with_escapes_and_dead_sub_paths() -> None:
    line = (
        b"36 35 98:0 /pods/x//deleted /a\\040b ro,noatime master:1 - ext4 /dev/root rw,errors=c\n"
    )
    (mount,) = procfs.mountinfo(line + b"rubbish\n")
    assert (mount.path, mount.root, mount.device) == ("/a b", "/pods/x//deleted", "98:0")
    assert (mount.fstype, mount.read_only, mount.super_read_only) == ("ext4", True, False)


def test_listeners_with_their_process_and_hanging_connections() -> None:
    found = frames("look-busybox.bin")
    owners = procfs.socket_owners(found.get("fds") or b"")
    listeners, hanging = procfs.sockets(found.with_prefix("net "), owners)
    assert {(one.address, one.port) for one in listeners} == {("::", 9090), ("::", 8080)}
    assert all(one.pid for one in listeners)
    assert hanging == []

    row = "   0: {} {} {} 00000000:00000003 00:00000000 00000000  1000 0 77 1 0 100 0 0 10 0\n"
    table = (
        row.format("0100007F:1F90", "00000000:0000", "0A")
        + row.format("0201A8C0:D431", "0401A8C0:1538", "02")
        + row.format("0201A8C0:D432", "0401A8C0:1538", "02")
        + row.format("0201A8C0:1F90", "0401A8C0:9999", "08")
    )
    listeners, hanging = procfs.sockets({"tcp": table.encode()}, {"77": 9})
    assert [(one.address, one.port, one.pid, one.queue) for one in listeners] == [
        ("127.0.0.1", 8080, 9, 3)
    ]
    assert [(one.state, one.remote_address, one.remote_port, one.count) for one in hanging] == [
        ("SYN_SENT", "192.168.1.4", 5432, 2),
        ("CLOSE_WAIT", "192.168.1.4", 0, 1),
    ]


def test_tables_in_one_frame_are_told_apart_by_their_column_names() -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid ...\n"
    row = "   0: {} {} {} 00000000:00000000 00:00000000 00000000  1000 0 {} 1 0 100 0 0 10 0\n"
    tcp = head + row.format("0100007F:1F90", "00000000:0000", "0A", 5)
    udp = " " + head + row.format("00000000:0035", "00000000:0000", "07", 6)
    both = {"tcp udp": (tcp + udp).encode()}
    listeners, _ = procfs.sockets(both, {})
    assert [(one.protocol, one.port) for one in listeners] == [("TCP", 8080), ("UDP", 53)]
    # Where one is not there nobody knows which.
    assert procfs.sockets({"tcp tcp6 udp": (tcp + udp).encode()}, {}) == ([], [])


def test_an_address_mapped_into_ipv6_reads_as_ipv4() -> None:
    row = "0: 0000000000000000FFFF00000100007F:0050 {}:0000 0A 0:0 0:0 0 0 0 5 1\n"
    listeners, _ = procfs.sockets({"tcp6": row.format("0" * 32).encode()}, {})
    assert [(one.address, one.port) for one in listeners] == [("127.0.0.1", 80)]


@given(
    st.ip_addresses()
    | st.sampled_from(["::", "::1", "::2", "::1.2.3.4", "::ffff:0:1", "::ffff:1.2.3.4", "1::"]).map(
        ipaddress.ip_address
    )
)
def test_every_address_reads_as_python_writes_it(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    packed = address.packed
    words = "".join(packed[at : at + 4][::-1].hex() for at in range(0, len(packed), 4)).upper()
    row = f"0: {words}:0050 {'0' * len(words)}:0000 0A 0:0 0:0 0 0 0 5 1\n"
    listeners, _ = procfs.sockets({"tcp": row.encode()}, {})
    mapped = address.ipv4_mapped if address.version == 6 else None
    assert [one.address for one in listeners] == [str(mapped or address)]


def test_the_cgroup_of_a_limited_container_on_v1() -> None:
    found = headroom(frames("look-busybox.bin").get("cgroup"), enough=True)
    assert (found.version, found.memory_limit, found.pids_limit) == ("v1", 64 << 20, None)
    assert (found.cpu_quota, found.cpu_period, found.oom_kills) == (50000, 100000, 0)
    unlimited = headroom(frames("look-dash.bin").get("cgroup"), enough=True)
    assert unlimited.memory_limit is None
    assert unlimited.cpu_quota is None


def test_the_cgroup_on_v2() -> None:
    content = (
        b"version v2\nlimit 67108864\nusage 5242880\npeak 6291456\ncpu_max 50000 100000\n"
        b"cpu_weight 20\nnr_periods 10\nnr_throttled 4\nthrottled_usec 1500000\n"
        b"oom 1\noom_kill 2\npids_limit max\npids_used 3\nlean 0\n"
    )
    found = headroom(content, enough=True)
    assert (found.memory_limit, found.memory_usage, found.memory_peak) == (
        64 << 20,
        5 << 20,
        6 << 20,
    )
    assert (found.oom_kills, found.pids_limit, found.pids_used) == (2, None, 3)
    assert (found.cpu_quota, found.throttled_periods, found.throttled_seconds) == (50000, 4, 1.5)


def test_limits_of_open_files() -> None:
    assert procfs.open_files_limit(frames("look-busybox.bin").get("limits")) == 20000
    assert procfs.open_files_limit(b"Max open files            unlimited  unlimited files") is None


@given(st.binary(max_size=600))
def test_no_parser_raises_for_noise(noise: bytes) -> None:
    found = procfs.processes(b"1 (x) S " + noise, clock(), {})
    found += procfs.processes(noise, procfs.BootClock(noise), procfs.argument_counts(noise))
    assert all(one.pid >= 0 for one in found)
    assert all(kinds for kinds in procfs.namespaces(noise).values())
    assert all(one.path for one in procfs.mountinfo(noise))
    listeners, _ = procfs.sockets({"tcp": noise, "udp6": noise}, procfs.socket_owners(noise))
    assert all(0 <= one.port < 65536 for one in listeners)
    assert (procfs.open_files_limit(noise) or 0) >= 0
    assert headroom(b"version v1\n" + noise, enough=True).enough
    assert not headroom(b"version v2\n" + noise, enough=False).enough
