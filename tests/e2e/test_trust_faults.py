"""Every fault costs its own rows: one deadline holds, what arrived is reported, nothing is written.

A local proxy stands between podx and the real API server and breaks one thing at a time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.faulty_proxy import Fault, FaultyProxy
from e2e.manifests import FOREVER, config_map, pod, secret, shell
from e2e.support import ROOT, Answer, Bench

pytestmark = pytest.mark.cluster

# Long enough for a look on a loaded machine; short where something hangs until it passes.
DEADLINE, SHORT = 10.0, 5.0
# What a loaded machine may add to the deadline before the report is there.
MARGIN = 4.0
UNAVAILABLE = b'{"kind":"Status","status":"Failure","message":"no","reason":"ServiceUnavailable"}'
# A part of the path -> the sections that lose rows when it breaks.
PARTS = {
    "/events": {"restarts", "probes", "timeline", "lifecycle", "scheduling", "images"},
    "/configmaps/settings": {"files", "changes"},
    # All that shows text of the pod: without the Secret its value cannot be removed from there.
    "/secrets/keys": {
        *("containers", "namespaces", "environment", "probes", "restarts", "changes"),
        *("lifecycle", "scheduling", "images", "hosts", "injections", "timeline"),
    },
    "/nodes/": {"node", "scheduling", "environment", "restarts", "probes"},
    "/services": {"network"},
    "/endpointslices": {"network"},
    "/serviceaccounts/": {"serviceAccountTokens"},
    "/log": {"restarts", "containers"},
}


@pytest.fixture(scope="module")
def target(bench: Bench) -> str:
    bench.apply(
        [
            secret("keys", {"password": "long enough"}),
            config_map("settings", {"level": "very"}),
            pod(
                "web",
                shell(
                    f"echo one line; {FOREVER}",
                    envFrom=[{"secretRef": {"name": "keys"}}],
                    readinessProbe={"exec": {"command": ["false"]}, "periodSeconds": 1},
                    volumeMounts=[{"name": "c", "mountPath": "/c"}],
                ),
                volumes=[{"name": "c", "configMap": {"name": "settings"}}],
            ),
        ]
    )
    bench.wait_for_pod("web", lambda p: p["status"].get("phase") == "Running", "Running")
    return "web"


@pytest.fixture
def proxy(bench: Bench, tmp_path: Path) -> Iterator[FaultyProxy]:
    with FaultyProxy(bench, tmp_path) as running:
        yield running


def describe(bench: Bench, proxy: FaultyProxy, deadline: float = DEADLINE) -> tuple[Answer, float]:
    begun = time.monotonic()
    answer = bench.podx(
        "describe",
        "web",
        "--kubeconfig",
        proxy.kubeconfig(),
        "--deadline",
        f"{deadline}s",
        "-o",
        "json",
        check=False,
    )
    took = time.monotonic() - begun
    assert "Traceback" not in answer.stderr
    assert took < deadline + MARGIN
    assert {request.method for request in proxy.seen} <= {"GET"}
    return answer, took


def report(bench: Bench, proxy: FaultyProxy, deadline: float = DEADLINE) -> Any:
    answer, _ = describe(bench, proxy, deadline)
    return answer.checked().json


def lost(found: Any) -> dict[str, set[str]]:
    """Section -> states of its rows of coverage."""
    states: dict[str, set[str]] = {}
    for row in found["coverage"]:
        states.setdefault(row["section"], set()).add(row["state"])
    return states


def asked(proxy: FaultyProxy, part: str) -> int:
    return len([request for request in proxy.seen if part in request.path])


def test_the_proxy_itself_costs_nothing(bench: Bench, target: str, proxy: FaultyProxy) -> None:
    found = report(bench, proxy)
    assert found["coverage"] == []
    assert found["containers"][0]["observation"]["state"] == "observed"


def test_latency_delays_the_report_and_costs_nothing(
    bench: Bench, target: str, proxy: FaultyProxy
) -> None:
    proxy.break_("/", Fault(delay=0.1))
    assert report(bench, proxy)["coverage"] == []


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault(reply=(500, {}, b"boom")),
        Fault(reply=(503, {"Content-Type": "application/json"}, UNAVAILABLE)),
        Fault(reply=(302, {"Location": "http://127.0.0.1:9/"}, b"")),
        Fault(reply=(200, {}, b"<html>captive portal</html>")),
        Fault(reply=(200, {}, b"")),
        Fault(cut=5),
    ],
    ids=["500", "503", "redirect", "portal", "empty", "reset"],
)
def test_a_broken_read_costs_its_own_sections(
    bench: Bench, target: str, proxy: FaultyProxy, part: str, fault: Fault
) -> None:
    proxy.break_(part, fault)
    found = report(bench, proxy)
    if part == "/log" and fault.reply and fault.reply[0] == 200:
        # A log may say anything.
        assert found["coverage"] == []
        return
    assert set(lost(found)) <= PARTS[part]
    if fault.cut is not None and part == "/log" and not found["coverage"]:
        return
    assert found["coverage"], "a broken read that nobody is told of"
    assert {state for states in lost(found).values() for state in states} <= {"partial", "denied"}
    assert found["containers"][0]["observation"]["state"] == "observed"


def test_a_redirect_is_never_followed_and_carries_no_credential_away(
    bench: Bench, target: str, proxy: FaultyProxy, tmp_path: Path
) -> None:
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    with FaultyProxy(bench, other_folder) as other:
        there = yaml_server(other.kubeconfig())
        proxy.break_("/secrets", Fault(reply=(302, {"Location": f"{there}/api/v1/x"}, b"")))
        proxy.break_("/exec", Fault(reply=(307, {"Location": f"{there}/api/v1/x"}, b"")))
        found = report(bench, proxy)
        assert other.seen == []
    assert "environment" in lost(found)
    assert "redirect" in found["containers"][0]["observation"]["reason"]


def yaml_server(path: str) -> str:
    import yaml

    server: str = yaml.safe_load(Path(path).read_text())["clusters"][0]["cluster"]["server"]
    return server


def test_retry_after_is_honoured_where_there_is_time(
    bench: Bench, target: str, proxy: FaultyProxy
) -> None:
    busy = Fault(reply=(429, {"Retry-After": "1"}, b"{}"), once=True)
    proxy.break_("/events", busy)
    assert report(bench, proxy)["coverage"] == []
    assert asked(proxy, "/events") == 2


def test_retry_after_beyond_the_deadline_is_not_waited_for(
    bench: Bench, target: str, proxy: FaultyProxy
) -> None:
    proxy.break_("/events", Fault(reply=(429, {"Retry-After": "3600"}, b"{}")))
    found = report(bench, proxy)
    assert asked(proxy, "/events") == 1
    assert set(lost(found)) == PARTS["/events"]


@pytest.mark.parametrize("part", ["/events", "/secrets/keys", "/exec", "/nodes/"])
def test_what_hangs_is_timed_out_and_the_rest_is_there(
    bench: Bench, target: str, proxy: FaultyProxy, part: str
) -> None:
    proxy.break_(part, Fault(hang=True))
    found = report(bench, proxy, SHORT)
    states = lost(found)
    assert states
    assert {state for several in states.values() for state in several} <= {
        "timedOut",
        "unobservable",
        "partial",
    }
    assert found["pod"]["name"] == "web"
    if part != "/exec":
        assert set(states) <= PARTS[part]


@pytest.mark.parametrize("cut", [1, 3, 700, 5000])
def test_a_stream_that_ends_in_the_middle_of_a_frame(
    bench: Bench, target: str, proxy: FaultyProxy, cut: int
) -> None:
    proxy.break_("/exec", Fault(cut=cut))
    found = report(bench, proxy)
    (container,) = found["containers"]
    assert container["observation"]["state"] in ("partial", "unobservable")
    assert container["observation"]["reason"]
    assert "files" in lost(found)
    # What was not seen is no difference.
    assert not [one for one in found["files"] if one["state"] in ("missing", "stale", "stuck")]


@pytest.mark.parametrize(
    "reply",
    [
        (200, {}, b"<html>"),
        (400, {}, b"Bad Request: no upgrade"),
        (403, {}, b"blocked by policy"),
        (426, {}, b""),
        (502, {}, b"bad gateway"),
    ],
    ids=lambda reply: str(reply[0]),
)
def test_a_middlebox_that_refuses_websockets(
    bench: Bench, target: str, proxy: FaultyProxy, reply: Any
) -> None:
    proxy.break_("/exec", Fault(reply=reply))
    found = report(bench, proxy)
    (container,) = found["containers"]
    assert container["observation"]["state"] == "unobservable"
    assert container["observation"]["reason"]
    assert container["state"] == "running"
    assert found["environment"]


def test_a_token_that_expires_midway(bench: Bench, target: str, proxy: FaultyProxy) -> None:
    refused: tuple[int, dict[str, str], bytes] = (
        401,
        {},
        b'{"kind":"Status","status":"Failure","reason":"Unauthorized"}',
    )

    def after_the_pod(request: Any) -> bool:
        return bool(proxy.seen) and not request.path.endswith("/pods/web")

    proxy.rules.append((after_the_pod, Fault(reply=refused)))
    found = report(bench, proxy)
    assert found["pod"]["phase"] == "Running"
    assert found["containers"][0]["observation"]["state"] == "unobservable"
    assert "logged in" in found["containers"][0]["observation"]["reason"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(hang=True),
        Fault(cut=5),
        Fault(reply=(500, {}, b"boom")),
        Fault(reply=(200, {}, b"{}")),
        Fault(reply=(200, {}, b"[" * 20_000)),
        Fault(reply=(200, {}, b'{"kind":"Pod","metadata":{"name":"other"}}')),
    ],
    ids=["hang", "reset", "500", "nothing", "deep", "another"],
)
def test_without_the_pod_there_is_one_error_and_no_report(
    bench: Bench, target: str, proxy: FaultyProxy, fault: Fault
) -> None:
    proxy.break_("/pods/web", fault)
    answer, _ = describe(bench, proxy, SHORT)
    assert (answer.status, answer.stdout) == (1, "")
    assert len(answer.stderr.strip().splitlines()) == 1


def test_the_pod_that_cannot_be_read_again_makes_the_look_worthless(
    bench: Bench, target: str, proxy: FaultyProxy
) -> None:
    proxy.break_("/pods/web", Fault(once=True))
    proxy.rules.append((lambda r: r.path.endswith("/pods/web"), Fault(reply=(500, {}, b""))))
    found = report(bench, proxy)
    assert found["containers"][0]["observation"]["state"] == "unobservable"
    assert not [one for one in found["files"] if one["state"] in ("missing", "stale", "frozen")]


def interrupted(bench: Bench, proxy: FaultyProxy, after: float | None) -> tuple[int, float, str]:
    """Exit status, seconds from Ctrl-C to the end, and standard error."""
    process = subprocess.Popen(
        (
            *(sys.executable, "-m", "kubectl_podx", "describe", "web", "-n", bench.namespace),
            *("--kubeconfig", proxy.kubeconfig(), "--deadline", "30s"),
        ),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
    )
    if after is None:
        assert proxy.hung.wait(20)
    else:
        time.sleep(after)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    return process.returncode, time.monotonic() - begun, said


@pytest.mark.parametrize("part", ["/pods/web", "/events", "/exec"])
def test_ctrl_c_while_something_hangs(
    bench: Bench, target: str, proxy: FaultyProxy, part: str
) -> None:
    proxy.break_(part, Fault(hang=True))
    status, took, said = interrupted(bench, proxy, None)
    assert status == 130
    assert said == ""
    # A second is the promise; the margin is for a loaded machine.
    assert took < 3


@pytest.mark.parametrize("after", [0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4])
def test_ctrl_c_at_any_moment(bench: Bench, target: str, proxy: FaultyProxy, after: float) -> None:
    status, took, said = interrupted(bench, proxy, after)
    # Before the interpreter has read the first line of podx the signal ends it by itself.
    if status == 1:
        # Python's own start ends like this, with a traceback of its own modules.
        assert "KeyboardInterrupt" in said
        assert "kubectl_podx" not in said
    else:
        assert status in (130, 0, -signal.SIGINT)
    assert took < 3
    if status == 130:
        assert said == ""
