"""Runs probes by hand: each attempt is timed, and judged as the kubelet would judge it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_podx.capture import procfs
from kubectl_podx.capture.calls import Outcome, send_all
from kubectl_podx.capture.frames import split
from kubectl_podx.capture.look import KILLED, RawLook
from kubectl_podx.capture.plan import LookOptions, PlannedCall
from kubectl_podx.capture.probe_runs import Road, http_path, items_of, probe_calls, road
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, mapping, number, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.tried import ProbeAttempt
from kubectl_podx.model.words import LiveResult
from kubectl_podx.pod.pod import containers

if TYPE_CHECKING:
    from kubectl_podx.cluster.port_forward import Tunnel
    from kubectl_podx.cluster.server import ApiServer

# The way to the API server is not part of the probe's time; beyond its timeout we go on for a
# while, to tell "slow" from "never".
_BEYOND_TIMEOUT = 3.0
# A refusal comes from the pod's own loopback; what was not refused by then is connected.
_NOT_REFUSED = 0.5
_MAX_ANSWER = 8192
_STATUS_LINE = lazy(rb"HTTP/1\.[01] (\d{3})")
_NO_HEADER = lazy(r"[^!-~]|[\r\n:]")
_UNREACHED = b"error trying to reach service"


class _Verdict(Struct, frozen=True):
    result: LiveResult
    detail: str = ""
    seconds: float | None = None
    """Where the time of the attempt is not that of the call."""


def run(
    server: ApiServer,
    pods: Mapping[Reference, Json],
    calls: Mapping[Reference, list[PlannedCall]],
    outcomes: Mapping[str, Outcome],
    options: LookOptions,
    *,
    in_flight: int,
    deadline: Deadline,
) -> dict[str, Outcome]:
    """Runs the probes of all these pods, after the looks: neither shall disturb the other.

    What is run is added to the pods' `calls`.
    """
    refused = _no_room(outcomes)
    for reference, pod in pods.items():
        calls[reference].extend(probe_calls(reference, pod, options))

    def one(call: PlannedCall) -> Outcome:
        why = refused.get((call.reference.key, call.container), "")
        return _perform(server, call, pods[call.reference], options, deadline, no_room=why)

    planned = [one for each in calls.values() for one in each if one.kind == "probe"]
    return send_all(planned, one, in_flight=in_flight, deadline=deadline)


def _perform(
    server: ApiServer,
    call: PlannedCall,
    pod: Json,
    options: LookOptions,
    deadline: Deadline,
    *,
    no_room: str,
) -> Outcome:
    """Runs the probe of one call as often as asked for; the attempts are the answer.

    `no_room`: why another process could cost the container its life; empty where it could not.
    """
    query = dict(call.query)
    entry = next(one for one in containers(pod) if one.name == call.container)
    declared = mapping(entry.spec, query["field"])
    way = road(entry, query["field"], options)
    if way.start == "exec" and no_room:
        way = Road("nowhere", why=no_room)
    base = ProbeAttempt(container=call.container, type=query["type"], start=way.start)
    if way.start == "nowhere":
        return Outcome(call, "ok", answer=[_with(base, _Verdict("notRun", way.why), 0.0)])
    timeout = float(number(declared, "timeoutSeconds") or 1)
    attempts: list[ProbeAttempt] = []
    for _ in range(int(query["runs"])):
        if deadline.remaining() < _NOT_REFUSED:
            attempts.append(_with(base, _Verdict("notRun", "the deadline is too near"), 0.0))
            break
        begun = time.monotonic()
        bound = deadline.within(timeout + _BEYOND_TIMEOUT)
        verdict = _once(server, call, declared, way, bound)
        attempts.append(_with(base, verdict, time.monotonic() - begun))
    return Outcome(call, "ok", answer=attempts)


def _with(base: ProbeAttempt, verdict: _Verdict, seconds: float) -> ProbeAttempt:
    took = seconds if verdict.seconds is None else verdict.seconds
    return ProbeAttempt(
        container=base.container,
        type=base.type,
        start=base.start,
        result=verdict.result,
        detail=verdict.detail,
        seconds=round(took, 3),
    )


def attempts_of(outcomes: Iterable[Outcome]) -> list[ProbeAttempt]:
    """What a Capture keeps; a call that failed is an attempt that was not made, with the right."""
    found: list[ProbeAttempt] = []
    for outcome in outcomes:
        if outcome.call.kind != "probe":
            continue
        if outcome.state == "ok" and isinstance(outcome.answer, list):
            found += outcome.answer
            continue
        found.append(
            ProbeAttempt(
                container=outcome.call.container,
                type=dict(outcome.call.query)["type"],
                start="nowhere",
                result="notRun",
                detail=outcome.reason,
                needs=outcome.needs,
            )
        )
    return found


def _no_room(outcomes: Mapping[str, Outcome]) -> dict[tuple[str, str], str]:
    """Pod and container -> why no command is run there: what podx's own exec was refused for."""
    found: dict[tuple[str, str], str] = {}
    for outcome in outcomes.values():
        if outcome.call.kind != "exec":
            continue
        where = (outcome.call.reference.key, outcome.call.container)
        if outcome.state == "skipped" or outcome.reason == KILLED:
            found[where] = outcome.reason
        elif isinstance(outcome.answer, RawLook):
            frames = split(outcome.answer.output, outcome.answer.nonce)
            if procfs.pairs(frames.first("cgroup")).get("lean") == "1":
                found[where] = "less than 16 MiB of memory is free: no command is run there"
    return found


def _once(
    server: ApiServer, call: PlannedCall, declared: Json, way: Road, deadline: Deadline
) -> _Verdict:
    from kubectl_podx.cluster.port_forward import TunnelError  # noqa: PLC0415 - with the door

    try:
        if way.start == "exec":
            return _exec(server, call, declared, deadline)
        if way.start == "podProxy":
            return _proxied(server, call, declared, way, deadline)
        return server.port_forward(
            call.reference.namespace,
            call.reference.name,
            way.port or 0,
            _talk(declared, way, deadline),
            deadline=deadline,
        )
    except TimeoutError:
        return _Verdict("timedOut", "no answer")
    except TunnelError as error:
        return _Verdict("failed", error.why)


def _exec(server: ApiServer, call: PlannedCall, declared: Json, deadline: Deadline) -> _Verdict:
    """Exit code 0 is success; a command that cannot be started is an error, which never counts."""
    words = dig(declared, "exec", "command")
    command = [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
    result = server.exec(
        call.reference.namespace,
        call.reference.name,
        call.container,
        command,
        stdin=None,
        deadline=deadline,
        stdout_limit=_MAX_ANSWER,
        stderr_limit=_MAX_ANSWER,
    )
    if result.exit_code == 0:
        return _Verdict("succeeded", "exit code 0")
    if result.exit_code is not None:
        return _Verdict("failed", f"exit code {result.exit_code}")
    if result.reason == "DeadlineExceeded":
        return _Verdict("timedOut", "the command did not end")
    if result.truncated:
        return _Verdict("errored", "the command writes without an end")
    return _Verdict("errored", "the command cannot be started")


def _proxied(
    server: ApiServer, call: PlannedCall, declared: Json, way: Road, deadline: Deadline
) -> _Verdict:
    """Any status from 200 to 399 is success (pkg/probe/http)."""
    from kubectl_podx.cluster.errors import ClusterError, of_response  # noqa: PLC0415
    from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

    action = mapping(declared, "httpGet")
    scheme = "https:" if text(action, "scheme") == "HTTPS" else ""
    name = f"{scheme}{call.reference.name}:{way.port}"
    path = api_path("api/v1", "pods", call.reference.namespace, name, "proxy") + http_path(action)
    try:
        response = server.fetch(path, limit=_MAX_ANSWER, deadline=deadline)
    except ClusterError as error:
        if error.kind == "timedOut":
            return _Verdict("timedOut", "no answer")
        raise
    ours = b'"kind":"Status"' in response.body
    if response.status == 403 and ours and b"pods/proxy" in response.body:
        raise of_response(response.status, response.body)
    if response.status >= 500 and ours and _UNREACHED in response.body:
        for known in ("connection refused", "i/o timeout", "no route to host", "EOF"):
            if known.encode() in response.body:
                return _Verdict("failed", known)
        return _Verdict("failed", "the pod's port could not be reached")
    return _judged(response.status)


def _judged(status: int) -> _Verdict:
    return _Verdict("succeeded" if 200 <= status < 400 else "failed", f"HTTP {status}")


def _talk(declared: Json, way: Road, deadline: Deadline) -> Callable[[Tunnel], _Verdict]:
    if isinstance(declared.get("httpGet"), dict):
        message = _http_request(mapping(declared, "httpGet"), way)
        return lambda tunnel: _http(tunnel, message)
    if isinstance(declared.get("grpc"), dict):
        service = text(declared, "grpc", "service")
        return lambda tunnel: _grpc(tunnel, f"localhost:{way.port}", service)
    return lambda tunnel: _tcp(tunnel, deadline)


def _http_request(action: Json, way: Road) -> bytes:
    """What the kubelet sends, the probe's headers included. A header that would end its line, or
    a path that would, is left out or made harmless.
    """
    headers = {"Host": f"localhost:{way.port}", "User-Agent": "kube-probe/podx", "Accept": "*/*"}
    for name, value in items_of(action):
        if name and not _NO_HEADER.search(name) and not re.search(r"[\r\n\0]", value):
            known = next((each for each in headers if each.lower() == name.lower()), name)
            headers[known] = value
    path = re.sub(r"[^!-~]", lambda found: f"%{ord(found[0]) & 0xFF:02X}", http_path(action))
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "replace")


def _http(tunnel: Tunnel, message: bytes) -> _Verdict:
    tunnel.send(message)
    answer = b""
    while len(answer) < len("HTTP/1.1 200"):
        data = tunnel.receive()
        if not data:
            return _Verdict("failed", "the connection ended without an answer")
        answer += data
    status = _STATUS_LINE.match(answer)
    return _judged(int(status[1])) if status else _Verdict("failed", "the answer is no HTTP/1.1")


def _tcp(tunnel: Tunnel, deadline: Deadline) -> _Verdict:
    """Nothing tells that a port forward is connected; that it was refused comes at once."""
    begun = time.monotonic()
    tunnel.limit(deadline.within(_NOT_REFUSED))
    try:
        tunnel.receive()
    except TimeoutError:
        return _Verdict("succeeded", f"not refused within {_NOT_REFUSED:g} s", _NOT_REFUSED)
    return _Verdict("succeeded", "connected", time.monotonic() - begun)


def _grpc(tunnel: Tunnel, authority: str, service: str) -> _Verdict:
    from kubectl_podx.cluster.port_forward import (  # noqa: PLC0415 - with the door
        Health,
        HealthParser,
        Reply,
        request,
    )

    tunnel.send(request(authority, service))
    parser = HealthParser()
    while True:
        data = tunnel.receive()
        for event in parser.feed(data) if data else parser.end():
            if isinstance(event, Reply):
                tunnel.send(event.data)
            elif isinstance(event, Health):
                said = event.state or event.why
                return _Verdict("succeeded" if event.state == "SERVING" else "failed", said)
        if not data:
            return _Verdict("failed", "the connection ended without an answer")
