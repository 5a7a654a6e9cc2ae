"""Made-up bytes for everything that reads bytes from outside: nothing raises, nothing is quoted.

A small run is part of `make test`; `make fuzz` makes at least 100,000 inputs (PODX_FUZZ is the
number for a parser of weight 1). Inputs are noise, or real recordings with parts cut out, doubled
or replaced, so that they come past the first check.
"""

from __future__ import annotations

# ruff: noqa: PT017 - whether it is refused is for the made-up input to decide
import gzip
import json
import os
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import capture_of_store, listed, raw_look
from kit.fuzzed import GENERATED
from kit.mutations import encoded, spoiled
from kubectl_podx.agent.trusted import trusted
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.standing import standing
from kubectl_podx.analysis.workloads import document as several
from kubectl_podx.capture import bundle, certificates, frames, procfs
from kubectl_podx.capture import bundle as manifest
from kubectl_podx.capture import exec_policy as metrics
from kubectl_podx.capture import (
    procfs as cgroup,
)
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.plan import LookOptions, pod_calls
from kubectl_podx.capture.seal import Sealer, WrongObjectError, token_claims
from kubectl_podx.capture.seal_environment import declared_variables, parse_environment
from kubectl_podx.capture.seal_observation import seal_look
from kubectl_podx.cluster import errors, kubeconfig
from kubectl_podx.cluster.exec_protocol import ChannelParser
from kubectl_podx.cluster.paths import BadNameError, api_path
from kubectl_podx.model.capture import Capture, Observation, StoredObject
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.pod import containers
from kubectl_podx.render.brief import MOST, brief
from kubectl_podx.render.document import to_json, to_json_line, to_yaml
from kubectl_podx.render.junit import junit
from kubectl_podx.render.sarif import sarif
from kubectl_podx.view.escape import clean

TESTS = Path(__file__).resolve().parents[1]
RECORDED = TESTS / "capture/recorded"
RECORDINGS = sorted((TESTS.parents[1] / "kubectl_podx/recordings").glob("*.podx"))
EXAMPLES = int(os.environ.get("PODX_FUZZ", "60"))
CANARY = "canary-fuzz-77"
POD = Reference("Pod", "lead", "everything")

T = TypeVar("T")
Test = TypeVar("Test", bound=Callable[..., Any])


def fuzz(strategy: st.SearchStrategy[Any], weight: float = 1.0) -> Callable[[Test], Any]:
    """Runs a test with made-up inputs, and counts them."""

    def decorate(test: Test) -> Any:
        def counted(made: Any) -> None:
            GENERATED[test.__name__] = GENERATED.get(test.__name__, 0) + 1
            test(made)

        counted.__name__ = test.__name__
        return settings(
            max_examples=max(5, int(EXAMPLES * weight)),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )(given(strategy)(counted))

    return decorate


def read_again(one: T) -> T:
    """What comes of it through a bundle: everything that is captured can be written and read."""
    return msgspec.json.decode(msgspec.json.encode(one), type=type(one))


@st.composite
def mutated(draw: st.DrawFn, *seeds: bytes) -> bytes:
    """A recording of which some parts are gone, doubled, or noise."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 60)))
        new = draw(st.one_of(st.binary(max_size=20), st.sampled_from(NASTY)))
        data = data[:start] + new + data[draw(st.sampled_from((start, end))) :]
    return data[: draw(st.sampled_from((len(data), len(data), draw(st.integers(0, len(data))))))]


NASTY = (
    *(b"\0", b"\n", b"\xff\xfe", b"\xed\xa0\x80", b"-1", b"9" * 400, b"1e999", b"\xe2\x80\xae"),
    *(b"NaN", b"null", b"{}", b"[]", b'"', b"\\", b"\\ud800", b"\x1b[2J", b"podx-recorded end\n"),
)
WORDS = (
    *("metadata", "spec", "status", "name", "namespace", "kind", "containers", "env", "value"),
    *("valueFrom", "items", "message", "reason", "state", "lastState", "terminated", "waiting"),
    *("exitCode", "startedAt", "finishedAt", "involvedObject", "count", "lastTimestamp", "volumes"),
    *("data", "stringData", "binaryData", "type", "labels", "annotations", "ownerReferences"),
    *("containerStatuses", "resources", "limits", "livenessProbe", "httpGet", "port", "uid"),
)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(("Running", "OOMKilled", "2026-01-01T00:00:00Z", "..", "a/b", "$(A)")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), inner, max_size=5),
    ),
    max_leaves=25,
)


@cache
def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


@cache
def world() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(recorded("everything.json"))
    return found


LOOKS = tuple(
    recorded(name) for name in ("look-busybox.bin", "look-dash.bin", "look-through-neighbour.bin")
)
# What each frame of a recorded look holds, as a seed for the parser of that frame.
FRAMES: dict[str, list[bytes]] = {}
for _look in LOOKS:
    for _tag, _content in frames.split(_look, "podx-recorded").found:
        FRAMES.setdefault(_tag.partition(" ")[0], []).append(_content)


def content_of(tag: str) -> Any:
    return st.one_of(st.binary(max_size=300), mutated(*FRAMES[tag]))


# -- what comes out of a container ----------------------------------------------------------------


@fuzz(st.one_of(st.binary(max_size=500), mutated(*LOOKS)), 1.5)
def test_frames(output: bytes) -> None:
    found = frames.split(output, "podx-recorded")
    assert all(isinstance(tag, str) for tag, _ in found.found)
    found.with_prefix("net ")


@fuzz(content_of("processes"))
def test_processes(content: bytes) -> None:
    clock = procfs.BootClock(b"100.5 3.2 1750000000")
    for one in procfs.processes(content, clock, procfs.argument_counts(content)):
        assert read_again(one) == one


@fuzz(content_of("mountinfo"))
def test_mountinfo(content: bytes) -> None:
    for one in procfs.mountinfo(content):
        assert read_again(one) == one


@fuzz(st.tuples(content_of("net"), content_of("fds")))
def test_sockets(content: tuple[bytes, bytes]) -> None:
    tables, owners = content
    names = ("tcp", "tcp6", "udp", "udp6", "unix")
    listeners, connections = procfs.sockets(
        dict.fromkeys(names, tables), procfs.socket_owners(owners)
    )
    assert [read_again(one) for one in listeners] == listeners
    assert [read_again(one) for one in connections] == connections


@fuzz(st.one_of(content_of("namespaces"), content_of("cgroup"), content_of("self")))
def test_small_frames(content: bytes) -> None:
    for found in (procfs.pairs(content), procfs.status_fields(content)):
        assert all("\n" not in line for pair in found.items() for line in pair)
    for inodes in procfs.namespaces(content).values():
        assert all(inode.isdigit() for inode in inodes.values())
    assert (procfs.open_files_limit(content) or 0) >= 0
    procfs.BootClock(content)
    for name, value in (parse_environment(content) or {}).items():
        assert name
        assert b"\0" not in value
    room = cgroup.headroom(content, enough=True)
    assert read_again(room) == room


@fuzz(mutated(*LOOKS), 0.15)
def test_a_whole_look_is_sealed(output: bytes) -> None:
    sealer = Sealer()
    objects: dict[str, StoredObject] = {}
    for body in [*world()["objects"], world()["pod"]]:
        where = body["metadata"].get("namespace", "")
        reference = Reference(body["kind"], where, body["metadata"]["name"])
        objects[reference.key] = sealer.keep(reference, body)
    pod = sealer.raw_pod(POD)
    call = next(call for call in pod_calls(POD, pod, LookOptions()) if call.kind == "exec")
    identity = next(iter(containers(pod))).container_id
    raw = raw_look(output, nonce="podx-recorded", container_id=identity)
    declared = declared_variables(sealer, pod, objects)
    outcome = Outcome(call, "ok", answer=raw)
    found = seal_look(sealer, pod, outcome, objects, declared)
    assert isinstance(found, Observation)
    report(
        capture_of_store(
            objects, reference=POD.key, observations=[found], declared_variables=declared
        )
    )


@fuzz(st.one_of(st.binary(max_size=400), mutated(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END")))
def test_certificates(value: bytes) -> None:
    found = certificates.validity(value).end
    assert found is None or found.endswith("Z")


@fuzz(st.text(max_size=60))
def test_tokens(part: str) -> None:
    claims = token_claims(part)
    assert claims is None or all(isinstance(name, str) for name in claims)


# -- what comes from the API server ---------------------------------------------------------------


@fuzz(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            mutated(
                b'\x03{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":'
                b'[{"reason":"ExitCode","message":"137"}]}}',
                b"\x01out",
                b"\xff\x01",
            ),
        ),
        max_size=6,
    ),
    1.5,
)
def test_channels(messages: list[bytes]) -> None:
    parser = ChannelParser()
    for message in messages:
        for event in parser.feed(message):
            assert CANARY not in repr(event)
    list(parser.end())


METRICS = (
    b'prober_probe_total{container="app",namespace="n",pod="p",pod_uid="u-1",'
    b'probe_type="Liveness",result="successful"} 12\n'
)


@fuzz(st.one_of(st.binary(max_size=300), mutated(METRICS * 3)))
def test_metrics(exposition: bytes) -> None:
    for one in metrics.probe_counters(exposition, "u-1"):
        assert one.successful >= 0
        msgspec.json.encode(one)


@fuzz(
    st.tuples(
        st.integers(100, 599), st.one_of(st.binary(max_size=200), JSON.map(msgspec.json.encode))
    )
)
def test_answers_that_are_errors(answer: tuple[int, bytes]) -> None:
    text = str(errors.of_response(*answer))
    assert text.isprintable()
    assert len(text) < 3000


EVENT = {
    "kind": "EventList",
    "items": [
        {
            "metadata": {"name": "e", "namespace": "lead", "uid": "1"},
            "type": "Warning",
            "reason": "Unhealthy",
            "message": "Liveness probe failed: token=abcdef",
            "involvedObject": {"fieldPath": "spec.containers{app}", "uid": "x"},
            "count": 3,
            "firstTimestamp": "2026-01-01T00:00:00Z",
            "lastTimestamp": "2026-01-01T00:01:00Z",
        }
    ],
}


@fuzz(st.one_of(st.binary(max_size=200), mutated(json.dumps(EVENT).encode())))
def test_event_lists(page: bytes) -> None:
    try:
        found = Sealer().open_list("Event", "lead", [page])
    except WrongObjectError as error:
        assert str(error) == ""
        return
    assert all(isinstance(one["message"], str) for one in found)


@fuzz(st.dictionaries(st.sampled_from(sorted(EVENT["items"][0])), JSON, max_size=8), 0.15)
def test_events_of_any_shape_make_a_report(event: dict[str, Any]) -> None:
    pod = world()["pod"]
    body = {"kind": "EventList", "items": [{**EVENT["items"][0], **event}]}  # type: ignore[dict-item]
    sealer = Sealer()
    objects = {POD.key: sealer.keep(POD, pod)}
    key = f"Event/{POD.key}"
    items = sealer.open_list("Event", "", [msgspec.json.encode(body)])
    report(
        capture_of_store(
            objects,
            reference=POD.key,
            uid=pod["metadata"]["uid"],
            lists={key: listed(key, items)},
            captured_at="2026-11-25T02:10:00Z",
        )
    )


@fuzz(st.fixed_dictionaries({}, optional={"metadata": JSON, "spec": JSON, "status": JSON}), 0.3)
def test_a_pod_of_any_shape_is_planned_sealed_and_reported(pod: dict[str, Any]) -> None:
    sealer = Sealer()
    objects = {POD.key: sealer.keep(POD, {"kind": "Pod", **pod})}
    calls = pod_calls(POD, sealer.raw_pod(POD), LookOptions())
    for call in calls:
        resource = call.reference.kind
        assert resource
        try:
            api_path("api/v1", "x", call.reference.namespace or None, call.reference.name or None)
        except BadNameError as error:
            assert str(error).isprintable()
    declared = declared_variables(sealer, sealer.raw_pod(POD), objects)
    report(capture_of_store(objects, reference=POD.key, declared_variables=declared))


@fuzz(st.tuples(st.sampled_from(("ConfigMap", "Secret", "Node", "Service", "ReplicaSet")), JSON))
def test_objects_of_any_shape_are_sealed(made: tuple[str, Any]) -> None:
    kind, body = made
    reference = Reference(kind, "lead", "x")
    meta = {"metadata": {"name": "x", "namespace": "lead"}}
    answer = {"kind": kind, **(body if isinstance(body, dict) else {"spec": body}), **meta}
    try:
        stored = Sealer().open(reference, msgspec.json.encode(answer))
    except WrongObjectError:
        return
    assert "data" not in (stored.body or {})
    assert "stringData" not in (stored.body or {})


@fuzz(st.one_of(st.binary(max_size=200), JSON.map(msgspec.json.encode)))
def test_tables_of_a_type(body: bytes) -> None:
    try:
        Sealer().open_type(Reference("Secret", "lead", "x"), body)
    except WrongObjectError as error:
        assert str(error) == ""


@fuzz(st.text(max_size=60))
def test_a_name_is_one_segment_of_a_path_or_refused(name: str) -> None:
    try:
        path = api_path("api/v1", "secrets", "lead", name)
    except BadNameError as error:
        assert str(error).isprintable()
        return
    assert path.count("/") == 6
    assert path.isascii()
    assert not {"?", "#", "\\", " "} & set(path)
    assert path.rpartition("/")[2] not in ("", ".", "..")


# -- files ----------------------------------------------------------------------------------------

BUNDLES = tuple(gzip.decompress(path.read_bytes()) for path in RECORDINGS)


@fuzz(st.one_of(st.binary(max_size=200), mutated(*(path.read_bytes() for path in RECORDINGS))), 0.5)
def test_bundles_as_bytes(data: bytes) -> None:
    read_a_bundle(data)


@fuzz(st.one_of(JSON.map(msgspec.json.encode), mutated(*BUNDLES)), 0.3)
def test_bundles_as_documents(content: bytes) -> None:
    read_a_bundle(gzip.compress(content, 1, mtime=0))


@fuzz(st.tuples(st.integers(0, len(BUNDLES) - 1), st.integers(0, 2**32)), 0.5)
def test_bundles_of_which_some_values_are_wrong(made: tuple[int, int]) -> None:
    document = json.loads(BUNDLES[made[0]])
    spoiled(document, random.Random(made[1]))  # noqa: S311 - to be made again from its seed
    read_a_bundle(gzip.compress(encoded(document), 1, mtime=0))


def read_a_bundle(data: bytes) -> None:
    try:
        capture = bundle.decode_bundle(data, "'x'")
    except InputError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 300
        return
    report(capture)


MANIFEST = json.dumps(world()["pod"]).encode()
YAML = (
    b"kind: Pod\nmetadata: &a {name: x, labels: {<<: *a}}\nspec:\n  containers:\n  - name: app\n"
    b"    env: [{name: A, value: 1e3}]\n---\nkind: List\nitems:\n- {kind: Pod}\n"
)


@fuzz(
    st.one_of(st.binary(max_size=200), mutated(MANIFEST, YAML), JSON.map(msgspec.json.encode)), 0.5
)
def test_manifests(data: bytes) -> None:
    try:
        found = manifest.documents(data, "'x'")
    except InputError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 300
        return
    assert all(isinstance(one, dict) for one in found)


KUBECONFIG = (
    b"apiVersion: v1\nkind: Config\ncurrent-context: c\n"
    b"clusters: [{name: c, cluster: {server: 'https://h:1', certificate-authority-data: QQ==}}]\n"
    b"users: [{name: u, user: {token: canary-fuzz-77, exec: {command: x, env: [{name: A, value: "
    b"canary-fuzz-77}], interactiveMode: canary-fuzz-77}, client-key-data: canary-fuzz-77}}]\n"
    b"contexts: [{name: c, context: {cluster: c, user: u, namespace: canary-fuzz-77}}]\n"
)


@fuzz(st.one_of(st.binary(max_size=200), mutated(KUBECONFIG), JSON.map(msgspec.json.encode)))
def test_kubeconfigs(content: bytes) -> None:
    try:
        found = kubeconfig.parse(content, "/home/me/config")
    except InputError as error:
        assert CANARY not in str(error)
        assert str(error).isprintable()
        return
    assert CANARY not in repr(found)
    assert CANARY not in repr(list(found.users.values()))


# -- what is printed ------------------------------------------------------------------------------

# Control characters, bidirectional and zero-width ones, lone surrogates; line ends are ours.
RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@fuzz(st.text(st.characters(), max_size=200))
def test_nothing_that_moves_a_cursor_is_printed(text: str) -> None:
    for printed in (clean(text), to_json({text: text})[:-1], to_yaml({text: text})[:-1]):
        assert RAW.search(printed) is None
    assert json.loads(to_json({"k": text}))["k"] == text


def report(capture: Capture) -> None:
    """The whole way: facts, findings, verdict, the document, and what pipelines and models get."""
    reports = analyse(capture)
    document = to_json(reports)
    assert document.startswith("{")
    found = several(capture, reports)
    short = brief(found)
    assert len(short) <= MOST
    assert RAW.search(short.replace("\n", "")) is None
    assert ET.fromstring(junit(found).encode()).tag == "testsuites"  # noqa: S314 - our own output
    assert json.loads(sarif(found))["version"] == "2.1.0"
    assert to_json_line(found).count("\n") == 1
    assert standing(found).state in ("healthy", "diagnosed", "open")
    trusted(found)


DEEP = 10_000


@pytest.mark.parametrize(
    "data",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"kind":"Pod","a":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
        b"a: " + b"[" * DEEP,
        b"a: " + b"- " * DEEP,
        b"? " * DEEP,
        b"&a [*a]",
        b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n",
    ],
    ids=["json list", "json map", "yaml flow", "yaml block", "yaml keys", "itself", "laughs"],
)
def test_what_is_nested_too_deeply_is_refused_everywhere(data: bytes) -> None:
    with pytest.raises(InputError):
        manifest.documents(data, "'x'")
    with pytest.raises(InputError):
        bundle.decode_bundle(gzip.compress(data), "'x'")
    with pytest.raises(WrongObjectError):
        Sealer().open(POD, data)
    with pytest.raises(WrongObjectError):
        Sealer().open_list("Event", "lead", [data])
    errors.of_response(500, data)


def test_a_bundle_that_unpacks_to_more_than_it_may_is_refused() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20), 9)
    assert len(bomb) < 1 << 20
    with pytest.raises(InputError):
        bundle.decode_bundle(bomb, "'x'")
