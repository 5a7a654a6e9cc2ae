"""`--deadline` bounds everything, and no input ends in an internal error or a traceback."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from kit import Json, capture, pod
from kubectl_podx.capture.frames import split
from kubectl_podx.cli.environment import Environment
from kubectl_podx.cli.funnel import main
from kubectl_podx.model.clock import parse_time, seconds_after
from kubectl_podx.render.jmes import QueryError, ask

ATTACKS = Path(__file__).parent / "attacks"
ROOT = Path(__file__).parents[3]


def run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(
        list(words),
        Environment(
            stdout=out, stderr=err, variables={"KUBECTL_PODX_TRACEBACK": "1"}, home="/nowhere"
        ),
    )
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("path", sorted(ATTACKS.iterdir()), ids=lambda path: path.name)
@pytest.mark.parametrize("output", ["text", "json", "yaml", "html"])
def test_no_manifest_ends_in_an_internal_error(path: Path, output: str) -> None:
    status, _, err = run("describe", "-f", str(path), "-o", output)
    assert status in (0, 1)
    assert "internal error" not in err


def test_a_number_to_the_base_60_is_text_as_for_kubectl(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text(
        "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: 1:59:59\n"
    )
    status, out, _ = run(
        "containers", "-f", str(path), "-o", "json", "--query", "containers[0].image"
    )
    assert (status, json.loads(out)) == (0, "1:59:59")


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-23:59",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
        "0001-01-01T00:00:00Z",
    ],
)
def test_times_at_the_ends_of_the_calendar_are_none(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize("seconds", [2**63 - 1, -(2**63), 1e300])
def test_a_time_for_ever_away_is_a_time(seconds: float) -> None:
    moment = parse_time("2026-11-29T12:00:00Z")
    assert moment is not None
    assert (seconds_after(moment, seconds) > moment) is (seconds > 0)


ENDLESS = {
    "status": {
        "phase": "Running",
        "startTime": "2026-11-29T12:00:00Z",
        "reason": "DeadlineExceeded",
    },
    "spec": {
        "activeDeadlineSeconds": 2**62,
        "terminationGracePeriodSeconds": 2**62,
        "containers": [
            {"name": "a", "image": "b", "livenessProbe": {"initialDelaySeconds": 2**62}}
        ],
    },
}


def test_seconds_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "pod.json"
    meta = {
        "name": "p",
        "deletionTimestamp": "2026-11-29T12:00:00Z",
        "deletionGracePeriodSeconds": 2**62,
    }
    path.write_text(json.dumps({"kind": "Pod", "metadata": meta, **ENDLESS}))
    status, _, err = run("describe", "-f", str(path))
    assert (status, err[-600:]) == (0, "")


# -- what must not take for ever ----------------------------------------


def declaring(**spec: Any) -> Json:
    """A pod of which only this is declared."""
    return pod(name="p", namespace="d", uid="u", **{"containers": [], **spec})


def many_items() -> dict[str, Any]:
    keys = [{"key": f"k{i}", "path": f"p{i}"} for i in range(20_000)]
    mounts = [{"name": "v", "mountPath": f"/m{i}"} for i in range(3000)]
    return declaring(
        containers=[{"name": "a", "image": "b", "volumeMounts": mounts}],
        volumes=[{"name": "v", "configMap": {"name": "c", "items": keys}}],
    )


def test_the_deadline_bounds_what_follows_the_answers(tmp_path: Path) -> None:
    """In a process of its own: the alarm is the process's. CPU time, as a machine may be busy."""
    path = tmp_path / "pod.json"
    path.write_text(json.dumps({"kind": "List", "items": [many_items()] * 1}))
    pods = [
        dict(declaring(containers=[]), metadata={"name": f"p{i}", "namespace": "d"})
        for i in range(20_000)
    ]
    path.write_text(json.dumps({"kind": "List", "items": pods}))
    words = [sys.executable, "-m", "kubectl_podx", "describe", "-f", str(path), "--deadline", "1s"]
    begun = os.times()
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    ended = os.times()
    assert done.returncode == 1
    assert done.stderr.startswith("error: gave up after 1 s (--deadline)")
    assert ended.children_user - begun.children_user < 6


@pytest.mark.parametrize("kind", ["containers", "variables", "files"])
def test_work_grows_with_the_input_and_not_with_its_square(kind: str, tmp_path: Path) -> None:
    """Doubling what there is doubles the work: counted in function calls, not in seconds."""
    import cProfile
    import pstats

    def calls(size: int) -> int:
        if kind == "containers":
            body = declaring(
                containers=[
                    {
                        "name": f"c{i}",
                        "image": "a",
                        "volumeMounts": [{"name": f"v{i}", "mountPath": "/x"}],
                    }
                    for i in range(size)
                ],
                volumes=[{"name": f"v{i}", "emptyDir": {}} for i in range(size)],
            )
        elif kind == "variables":
            env = [{"name": f"V{i}", "value": v} for v in "xy" for i in range(size * 5)]
            body = declaring(containers=[{"name": "a", "image": "b", "env": env}])
        else:
            body = many_items()
            body["spec"]["volumes"][0]["configMap"]["items"] = [
                {"key": f"k{i}", "path": f"p{i}"} for i in range(size)
            ]
            body["spec"]["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/m"}]
        path = tmp_path / f"{size}.json"
        path.write_text(json.dumps(body))
        profile = cProfile.Profile()
        profile.enable()
        status, _, _ = run("describe", "-f", str(path), "-o", "json", "--deadline", "10m")
        profile.disable()
        assert status == 0
        total: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
        return total

    calls(50)
    small, large = calls(150), calls(300)
    assert large < small * 2.6


@pytest.mark.parametrize(
    "expression",
    [
        "&a",
        "[&a]",
        "{x: &a}",
        "to_array(&a)",
        "|".join(["[@,@]"] * 34),
        "|".join(["[@,@][]"] * 34),
        "|".join(["join('',[to_string(@),to_string(@)])"] * 60),
        "|".join(["[@,@]"] * 34) + "|to_string(@)",
        "[" + "|".join(["[@,@]"] * 30) + "," + "|".join(["[@,@]"] * 30) + "]|[0]==[1]",
        "|".join(["[@,@]"] * 34) + "|unique(@)",
    ],
)
def test_a_query_that_has_no_sensible_result_says_so(expression: str) -> None:
    document = {"a": [1, 2, {"b": 3}], "metadata": {"capturedAt": "2026-01-01T00:00:00Z"}}
    with pytest.raises(QueryError, match="invalid --query"):
        ask(document, expression)


def test_expressions_are_arguments_still() -> None:
    document = {"l": [{"n": 2}, {"n": 1}]}
    assert ask(document, "sort_by(l, &n)[].n") == [1, 2]
    assert ask(document, "map(&n, l)") == [2, 1]
    assert ask(document, "max_by(l, &n).n") == 2


# -- testimony that breaks the protocol ----------------------------------------


@pytest.mark.parametrize(
    ("tag", "content"),
    [
        ("environment", b"V=1\0" * 700_000),
        ("mountinfo", b"1 0 0:1 / /m rw - tmpfs t rw\n" * 200_000),
        ("files", b"/x\0" * 1000),
        ("hosts", b"x" * 3_000_000),
        ("processes", b"1 (a) S 1\n" * 100_000),
    ],
)
def test_more_than_the_script_can_have_written_is_not_used(tag: str, content: bytes) -> None:
    output = b"\nn start\n\nn self\nmain 1\n\nn " + tag.encode() + b"\n" + content + b"\nn end\n"
    assert split(output, "n").broken() == tag
    assert split(b"\nn x\n" * 2000, "n").broken() == "frames"


# -- the first second ----------------------------------------


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_ctrl_c_at_any_moment_is_no_traceback(after: float) -> None:
    """From the moment that our first line has run; what comes before is the interpreter's."""
    source = (
        "import _signal, sys\nfrom kubectl_podx.__main__ import run\n"
        "sys.argv = ['kubectl-podx', 'explain', '--codes']\n"
        "set_handler = _signal.signal\n"
        "def first(*words):\n"
        "    _signal.signal = set_handler\n"
        "    before = set_handler(*words)\n"
        "    print('begun', flush=True)\n"
        "    return before\n"
        "_signal.signal = first\nrun()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", source],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    # Not a wait for something: the moment is what is tried.
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    # It may have come to its end before, or be at the very print.
    assert process.returncode in (0, 130, -signal.SIGINT)


# -- answers that are none ----------------------------------------


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b"[" * 5000, b"9" * 10_000])
def test_a_version_that_is_none_costs_nothing(body: bytes) -> None:
    from kubectl_podx.capture.seal import Sealer

    assert Sealer().server_version(body) is None


def test_bytes_after_the_end_of_a_packed_answer_are_an_error() -> None:
    """They would be kept until the deadline."""
    from kubectl_podx.cluster.errors import ClusterError
    from kubectl_podx.cluster.http1 import Incoming
    from kubectl_podx.cluster.stream import _read_body

    engine = zlib.compressobj(wbits=31)
    packed = engine.compress(b"{}") + engine.flush()

    def answer(head: bytes, content: bytes) -> Incoming:
        return Incoming(io.BytesIO(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + content).read)

    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n"
    good = answer(head % len(packed), packed)
    assert _read_body(good, 100, False) == b"{}"
    assert good.reusable
    long = packed + b"\0" * 1_000_000
    with pytest.raises(ClusterError, match="cannot be unpacked"):
        _read_body(answer(head % len(long), long), 100, False)
    chunked = b"Transfer-Encoding: chunked\r\n"
    for length in (b"-1", b"-ffff", b"+5", b"zz"):
        with pytest.raises(ClusterError):
            _read_body(answer(chunked, length + b"\r\nabc\r\n0\r\n\r\n"), 100, False)


def test_the_name_of_a_bundle_is_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubectl_podx.capture import session
    from kubectl_podx.model.capture import Capture

    def take(*_: Any, **__: Any) -> Capture:
        return capture([declaring()])

    monkeypatch.setattr(session, "take", take)
    path = tmp_path / "x\x1b[31m"
    status, out, _ = run("capture", "p", "-O", str(path))
    assert status == 0
    assert "\x1b" not in out
