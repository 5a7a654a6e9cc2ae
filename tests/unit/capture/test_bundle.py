"""Bundles: written whole and private, read with suspicion."""

from __future__ import annotations

import gzip
import os
import stat
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import capture
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import decode_bundle, read_bundle, read_manifest, write_bundle
from kubectl_podx.model.capture import Call
from kubectl_podx.model.errors import InputError

compress = partial(gzip.compress, mtime=0)
"""The same bytes in every run: they are in the names of tests."""

CAPTURE = capture([{}], podx_version="0.1.0", captured_at="2026-11-23T12:00:00Z")


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "incident.podx"
    digest = write_bundle(CAPTURE, path)
    assert len(digest) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert read_bundle(path) == msgspec.structs.replace(CAPTURE, source="bundle")


def test_the_same_capture_gives_the_same_bytes(tmp_path: Path) -> None:
    assert write_bundle(CAPTURE, tmp_path / "a") == write_bundle(CAPTURE, tmp_path / "b")


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    link = tmp_path / "link"
    link.symlink_to(victim)
    with pytest.raises(InputError, match="symbolic link"):
        write_bundle(CAPTURE, link)
    assert victim.read_text() == "keep"


def test_a_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="not a regular file"):
        write_bundle(CAPTURE, pipe)
    assert pipe.is_fifo()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        write_bundle(CAPTURE, tmp_path / "no" / "x.podx")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain text",
        compress(b"[]"),
        compress(b"{")[:-4],
        compress(b'{"version": 99, "podxVersion": "9"}'),
        compress(b'{"objects": {"Pod/../x/y/z": {"reference": "r", "state": "present"}}}'),
        compress(b'{"pods": [{"reference": "Pod/n/a"}, {"reference": "Pod/n/a"}]}'),
        compress(b'{"objects": {"nonsense": {"reference": "r", "state": "present"}}}'),
        compress(b'{"objects": ' * 5000),
        compress(b"[" * 200_000),
        compress(b" " * (64 << 20)),
        compress(b"{}") + b"rubbish",
    ],
)
def test_what_is_no_bundle_is_refused_in_our_own_words(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        decode_bundle(content, "'x.podx'")
    assert "Traceback" not in str(caught.value)
    assert str(caught.value).startswith("'x.podx'")


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(InputError):
        decode_bundle(compress(b"x" + noise), "bundle")


def test_a_manifest_of_yaml_json_or_lists(tmp_path: Path) -> None:
    yaml_file = tmp_path / "pod.yaml"
    yaml_file.write_text(
        "kind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n---\n"
        "kind: Pod\nmetadata:\n  name: web\n  creationTimestamp: 2026-01-01T00:00:00Z\nspec: {}\n"
    )
    capture = read_manifest(str(yaml_file))
    assert capture.source == "manifest"
    assert [pod.reference for pod in capture.pods] == ["Pod/default/web"]
    assert set(capture.objects) == {"Pod/default/web", "ConfigMap/default/c"}
    body = capture.objects["Pod/default/web"].body
    assert body is not None
    assert body["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"

    json_file = tmp_path / "pods.json"
    json_file.write_text('{"kind":"PodList","items":[{"metadata":{"name":"a","namespace":"n"}}]}')
    assert [pod.reference for pod in read_manifest(str(json_file)).pods] == ["Pod/n/a"]


@pytest.mark.parametrize(
    "content",
    [
        "kind: Service\nmetadata: {name: x}\n",
        "a: &x [1]\nb: *x\n",
        "[" * 5000,
        "{",
        "key: [unclosed password: hunter2",
        "",
    ],
)
def test_a_bad_manifest_is_refused_without_quoting_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_manifest(str(path))
    assert "hunter2" not in str(caught.value)


INCIDENTS = sorted((Path(__file__).resolve().parents[2] / "incidents/recorded").glob("*.podx"))


@pytest.mark.parametrize("path", INCIDENTS, ids=lambda path: path.stem)
def test_a_replay_equals_what_was_seen(path: Path, tmp_path: Path) -> None:
    """Through a file and back: the same capture, and so the same report but for its source."""
    seen = msgspec.structs.replace(read_bundle(path), source="live")
    write_bundle(seen, tmp_path / "again.podx")
    again = read_bundle(tmp_path / "again.podx")
    assert msgspec.structs.replace(again, source="live") == seen
    live, replayed = analyse(seen), analyse(again)
    for one, other in zip(live.items, replayed.items, strict=True):
        assert other.metadata.source == "bundle"
        assert msgspec.structs.replace(other, metadata=one.metadata) == one


def test_the_first_bundles_are_still_read() -> None:
    """A file that the first version wrote, kept as it was."""
    frozen = Path(__file__).parent / "recorded/frozen-v1.podx"
    (report,) = analyse(read_bundle(frozen)).items
    assert report.verdict.severity == "critical"
    assert "liveness probe" in report.verdict.summary


@pytest.mark.parametrize(
    ("identity", "container", "read"),
    [
        ("get Secret/shop/db", "", ("get", "Secret/shop/db", "")),
        ("list Pod/shop/pod-template-hash=5f", "", ("list", "Pod/shop/pod-template-hash=5f", "")),
        ("exec Pod/shop/web-0 app", "app", ("exec", "Pod/shop/web-0", "")),
        ("log Pod/shop/web-0 app previous", "app", ("log", "Pod/shop/web-0", "previous")),
        ("version", "", ("version", "", "")),
        ("dance Pod/shop/web-0", "", (None, "Pod/shop/web-0", "")),
    ],
)
def test_a_call_of_an_older_bundle_is_known_by_its_id(
    identity: str, container: str, read: tuple[str | None, str, str]
) -> None:
    old = {"id": identity, "sections": [], "state": "ok", "container": container}
    call = msgspec.convert(old, Call)
    assert (call.kind, call.target, call.detail) == read
    assert msgspec.json.decode(msgspec.json.encode(call), type=Call) == call
