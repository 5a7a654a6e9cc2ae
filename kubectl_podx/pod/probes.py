"""Handlers of probes and hooks, a probe's numbers, and how long until it acts."""

from __future__ import annotations

from typing import get_args

from msgspec import Struct

from kubectl_podx.model.parts import Handler, Timing
from kubectl_podx.model.raw import Json, dig, items, mapping, number, one_line, text
from kubectl_podx.model.words import ProbeType

_TYPES = ("startup", "liveness", "readiness")


def handler(declared: Json, container: Json) -> Handler:
    """The handler of a probe (`livenessProbe`) or of a hook (`lifecycle.preStop`).

    `container` is the container's spec: named ports are looked up there. Exactly one kind is set
    in an accepted object; the first one found is taken.
    """
    if isinstance(declared.get("exec"), dict):
        return Handler(kind="exec", text=_exec(mapping(declared, "exec")))
    for kind in ("httpGet", "tcpSocket", "grpc"):
        if isinstance(declared.get(kind), dict):
            action = mapping(declared, kind)
            port = _port(action)
            return Handler(
                kind=kind,
                text=one_line({"httpGet": _http, "tcpSocket": _tcp, "grpc": _grpc}[kind](action)),
                port=port,
                resolved_port=resolve_port(port, container),
                host=text(action, "host"),
                scheme=(text(action, "scheme") or "HTTP") if kind == "httpGet" else "",
            )
    if isinstance(declared.get("sleep"), dict):
        return Handler(kind="sleep", text=f"sleep {number(declared, 'sleep', 'seconds') or 0} s")
    return Handler(kind="none", text="no handler that is known")


def knocked_ports(container: Json) -> dict[int, list[str]]:
    """Port of the pod's own address -> the types of the probes that knock at it.

    A probe with a `host` of its own goes elsewhere; exec probes knock nowhere.
    """
    found: dict[int, list[str]] = {}
    for kind in _TYPES:
        for action in ("httpGet", "tcpSocket", "grpc"):
            declared = mapping(container, f"{kind}Probe", action)
            if not declared or text(declared, "host"):
                continue
            port = resolve_port(str(dig(declared, "port")), container)
            if port is not None:
                found.setdefault(port, []).append(kind)
    return found


def longest_delay(container: Json) -> int:
    """The greatest initialDelaySeconds of the container's probes."""
    return max(number(container, f"{kind}Probe", "initialDelaySeconds") or 0 for kind in _TYPES)


def resolve_port(port: str, container: Json) -> int | None:
    """The number behind a probe's port; None for a name the container does not declare.

    The kubelet looks for a containerPort of that name and else reads the name as a number
    (pkg/probe/util.go ResolveContainerPort).
    """
    for entry in items(container, "ports"):
        if port and text(entry, "name") == port:
            return number(entry, "containerPort")
    return int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 65536 else None


def _port(action: Json) -> str:
    port = dig(action, "port")
    return str(port) if isinstance(port, int | str) and not isinstance(port, bool) else ""


def _exec(action: Json) -> str:
    command = dig(action, "command")
    words = [word for word in command if isinstance(word, str)] if isinstance(command, list) else []
    return one_line(" ".join(["exec", *words]))


def _http(action: Json) -> str:
    scheme = "https://" if text(action, "scheme") == "HTTPS" else ""
    path = text(action, "path") or "/"
    path = path if path.startswith("/") else f"/{path}"
    headers = [text(header, "name") for header in items(action, "httpHeaders")]
    with_headers = f" with headers {', '.join(headers)}" if headers else ""
    protocol = text(action, "protocol")
    over = f" over {protocol}" if protocol else ""
    return f"httpGet {scheme}{text(action, 'host')}:{_port(action)}{path}{with_headers}{over}"


def _tcp(action: Json) -> str:
    return f"tcpSocket {text(action, 'host')}:{_port(action)}"


def _grpc(action: Json) -> str:
    service, mode = text(action, "service"), text(action, "mode")
    return " ".join(
        word
        for word in (f"grpc :{_port(action)}", f"service {service}" if service else "", mode)
        if word
    )


_OF_A_SHELL = frozenset(["||", "&&", "|", "&", ">", ">>", "<", "2>&1"])
_TAKE_THEM = frozenset(["test", "[", "expr", "echo"])
_READ = frozenset(["cat", "test", "[", "ls", "stat", "true", "false", "head", "grep", "sleep"])
_CONNECT = frozenset(["wget", "curl", "nc", "pg_isready", "grpc_health_probe"])


class ExecProbe(Struct, frozen=True):
    """A probe whose command is run inside the container."""

    type: ProbeType
    program: str
    """What it runs, without its folder: `cat`."""
    timing: Timing
    shell_words: tuple[str, ...]
    """What only a shell understands, and what its program gets as arguments."""

    @property
    def reads(self) -> bool:
        """Whether its program only reads files, so that the container does not notice it."""
        return self.program in _READ

    @property
    def connects(self) -> bool:
        """Whether its program is a client, which signals nobody."""
        return self.program in _CONNECT


def exec_probes(container: Json) -> list[ExecProbe]:
    """The exec probes that the container's spec declares."""
    found: list[ExecProbe] = []
    for kind in get_args(ProbeType):
        declared = mapping(container, f"{kind}Probe")
        program = text(declared, "exec", "command", 0).rpartition("/")[2]
        command = dig(declared, "exec", "command")
        if program and isinstance(command, list):
            taken = program in _TAKE_THEM
            words = [
                word
                for word in command
                if isinstance(word, str) and word in _OF_A_SHELL and not taken
            ]
            found.append(ExecProbe(kind, program, timing(declared), tuple(dict.fromkeys(words))))
    return found


def timing(probe: Json) -> Timing:
    """The probe's timing; what is not declared or zero is the default of pkg/apis/core/v1."""
    return Timing(
        initial_delay=_int32(probe, "initialDelaySeconds") or 0,
        period=_int32(probe, "periodSeconds") or 10,
        timeout=_int32(probe, "timeoutSeconds") or 1,
        failure_threshold=_int32(probe, "failureThreshold") or 3,
        success_threshold=_int32(probe, "successThreshold") or 1,
        termination_grace_period=number(probe, "terminationGracePeriodSeconds"),
    )


def _int32(probe: Json, field: str) -> int | None:
    """The field as the API has it: of 32 bits, so that products of them stay whole numbers."""
    found = number(probe, field)
    return None if found is None else max(-(2**31), min(found, 2**31 - 1))


def seconds_to_action(times: Timing) -> float:
    """Seconds from the moment the container stops answering to the action, at most.

    The program may break just after a good attempt: then the first bad attempt comes one period
    later, the last of `failureThreshold` attempts `failureThreshold` periods later, and that one
    may take the whole timeout. Attempts do not wait for each other: the worker ticks every period
    (pkg/kubelet/prober/worker.go).
    """
    return times.period * times.failure_threshold + times.timeout


def earliest_kill(times: Timing) -> float:
    """The shortest run, in seconds, that this probe can end: every attempt fails from the first.

    initialDelay counts from the container's start (worker.go doProbe); grace is left out, because
    a process may end at once on the stop signal.
    """
    return times.initial_delay + times.period * (times.failure_threshold - 1)
