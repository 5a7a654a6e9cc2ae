"""Mounted files: expanded from the spec, joined with the look, and judged."""

from __future__ import annotations

import hashlib
from typing import Any, get_args

import pytest

import kit
from kit import Json
from kubectl_podx.model.capture import (
    KeyFacts,
    ObjectState,
    Observation,
    ObservedFile,
    ObservedVolume,
    Process,
    StoredObject,
)
from kubectl_podx.model.words import ValueState
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.files import facts as files
from kubectl_podx.sections.files.report import FileRow

POD = "Pod/shop/web-0"
NOW = "2026-01-01T12:00:00Z"
START = "2026-01-01T11:00:00Z"
BEFORE = "2026-01-01T10:00:00Z"


def digest(value: str) -> str:
    return "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def stored(kind: str, name: str, values: dict[str, str], **fields: Any) -> StoredObject:
    written = fields.pop("written", BEFORE)
    metadata = {
        "name": name,
        "creationTimestamp": BEFORE,
        "managedFields": [{"manager": "helm", "time": written}],
    }
    return kit.stored(
        {"kind": kind, "metadata": metadata, **fields},
        f"{kind}/shop/{name}",
        keys={key: KeyFacts(size=len(v), digest=digest(v)) for key, v in values.items()},
    )


def lost(kind: str, name: str, state: ObjectState = "missing") -> StoredObject:
    return kit.absent(f"{kind}/shop/{name}", state)


def seen(path: str, value: str, mount: str = "/etc/app", **fields: Any) -> ObservedFile:
    return ObservedFile(
        **{
            "path": path,
            "mount": mount,
            "digest": digest(value),
            "size": len(value),
            "mode": "0644",
            "uid": 0,
            "gid": 0,
            **fields,
        }
    )


def look(*found: ObservedFile, **fields: Any) -> Observation:
    volumes = [ObservedVolume(mount="/etc/app", written_at=BEFORE)]
    return kit.observation(**{"files": list(found), "volumes": volumes, **fields})


def view(
    volume: Json,
    *objects: StoredObject,
    observation: Observation | None = None,
    mount: Json | None = None,
    spec: Json | None = None,
    events: list[Json] | None = None,
    running: bool = True,
    metadata: Json | None = None,
) -> PodView:
    """One container with one mount of the volume `v` at /etc/app."""
    state = kit.running(START) if running else kit.waiting("ContainerCreating")
    mounted = {"name": "v", "mountPath": "/etc/app", **(mount or {})}
    body = kit.pod(
        kit.container("app", status=kit.status(state), volumeMounts=[mounted]),
        metadata=metadata,
        **{"volumes": [{"name": "v", **volume}], **(spec or {})},
    )
    return kit.view(
        body,
        *objects,
        events=events or [],
        observations=[observation] if observation else [],
    )


CONFIG = {"configMap": {"name": "web"}}


def only(rows: list[FileRow]) -> FileRow:
    assert len(rows) == 1
    return rows[0]


def test_every_key_of_the_source_is_a_file_and_equal_bytes_are_current() -> None:
    rows = files.build(
        view(
            CONFIG,
            stored("ConfigMap", "web", {"b": "2", "a": "1"}),
            observation=look(seen("/etc/app/a", "1"), seen("/etc/app/b", "2")),
        )
    )
    assert [(row.path, row.state) for row in rows] == [
        ("/etc/app/a", "current"),
        ("/etc/app/b", "current"),
    ]
    assert rows[0].source.key == "a"
    assert rows[0].digest == rows[0].source_digest == digest("1")
    assert rows[0].source_changed_by == "helm"
    assert rows[0].volume_written_after_start is False


def test_the_digest_of_a_secret_is_not_shown() -> None:
    row = only(
        files.build(
            view(
                {"secret": {"secretName": "db"}},
                stored("Secret", "db", {"password": "x"}),
                observation=look(seen("/etc/app/password", "x")),
            )
        )
    )
    assert (row.state, row.digest, row.source_digest) == ("current", None, None)


@pytest.mark.parametrize(
    ("written", "state"),
    [("2026-01-01T11:59:00Z", "stale"), ("2026-01-01T11:50:00Z", "stuck")],
)
def test_other_bytes_are_stale_until_the_refresh_is_overdue(written: str, state: str) -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "new"}, written=written),
                observation=look(seen("/etc/app/a", "old")),
            )
        )
    )
    assert row.state == state


def test_a_failing_mount_makes_a_fresh_difference_stuck() -> None:
    event = {
        "reason": "FailedMount",
        "message": 'MountVolume.SetUp failed for volume "v" : configmap "other" not found',
        "lastTimestamp": "2026-01-01T11:59:30Z",
        "involvedObject": {"uid": "u-1"},
    }
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "new"}, written="2026-01-01T11:59:00Z"),
                observation=look(seen("/etc/app/a", "old")),
                events=[event],
            )
        )
    )
    assert row.state == "stuck"
    assert 'configmap "other" not found' in row.reason


def test_one_lost_source_of_a_projected_volume_stops_all_of_it() -> None:
    rows = files.build(
        view(
            {
                "projected": {
                    "sources": [{"configMap": {"name": "web"}}, {"secret": {"name": "gone"}}]
                }
            },
            stored("ConfigMap", "web", {"a": "new"}, written="2026-01-01T11:59:50Z"),
            lost("Secret", "gone"),
            observation=look(seen("/etc/app/a", "old"), seen("/etc/app/key", "x")),
        )
    )
    assert [(row.path, row.source.kind, row.state) for row in rows] == [
        ("/etc/app/a", "ConfigMap", "stuck"),
        ("/etc/app/key", "Secret", "orphaned"),
    ]
    assert 'secret "gone" not found' in rows[0].reason


def test_a_sub_path_file_is_frozen() -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "new", "b": "x"}),
                mount={"mountPath": "/etc/app/a", "subPath": "a"},
                observation=look(seen("/etc/app/a", "old", mount="/etc/app/a")),
            )
        )
    )
    assert (row.path, row.state, row.sub_path) == ("/etc/app/a", "frozen", True)


def test_an_immutable_source_freezes_its_files() -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "new"}, immutable=True),
                observation=look(seen("/etc/app/a", "old")),
            )
        )
    )
    assert row.state == "frozen"


@pytest.mark.parametrize(
    ("state", "expected"), [("missing", "orphaned"), ("denied", "denied"), ("failed", "unknown")]
)
def test_without_the_source_its_files_are_told_by_the_look(
    state: ObjectState, expected: str
) -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                lost("ConfigMap", "web", state),
                observation=look(seen("/etc/app/a", "old")),
            )
        )
    )
    assert (row.path, row.source.key, row.state) == ("/etc/app/a", "a", expected)


def test_denied_and_not_looked_at_is_one_row_at_the_mount() -> None:
    row = only(files.build(view(CONFIG, lost("ConfigMap", "web", "denied"))))
    assert (row.path, row.state) == ("/etc/app", "denied")
    assert "get configmaps" in row.reason


def test_a_missing_source_of_a_pod_that_waits_for_it_is_missing() -> None:
    row = only(files.build(view(CONFIG, lost("ConfigMap", "web"), running=False)))
    assert (row.state, row.reason) == ("missing", 'configmap "web" not found')


def test_an_optional_source_that_is_missing_has_no_row() -> None:
    volume = {"configMap": {"name": "web", "optional": True}}
    assert files.build(view(volume, lost("ConfigMap", "web"), observation=look())) == []


def test_without_a_look_nothing_is_called_missing() -> None:
    row = only(files.build(view(CONFIG, stored("ConfigMap", "web", {"a": "1"}))))
    assert row.state == "unknown"
    assert row.reason


def test_a_list_that_was_cut_calls_nothing_missing() -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "1"}),
                observation=look(files_left_out=3),
            )
        )
    )
    assert row.state == "unknown"


def test_a_key_that_is_not_in_the_container_is_missing_and_one_that_left_the_source_extra() -> None:
    rows = files.build(
        view(
            CONFIG,
            stored("ConfigMap", "web", {"a": "1"}),
            observation=look(seen("/etc/app/old", "x")),
        )
    )
    assert [(row.path, row.state) for row in rows] == [
        ("/etc/app/a", "missing"),
        ("/etc/app/old", "extra"),
    ]


def test_items_choose_path_and_mode_and_a_key_that_is_gone_leaves_an_orphan() -> None:
    volume = {
        "configMap": {
            "name": "web",
            "defaultMode": 0o400,
            "items": [
                {"key": "a", "path": "conf/a.txt", "mode": 0o600},
                {"key": "gone", "path": "gone"},
            ],
        }
    }
    rows = files.build(
        view(
            volume,
            stored("ConfigMap", "web", {"a": "1"}),
            observation=look(seen("/etc/app/conf/a.txt", "1"), seen("/etc/app/gone", "x")),
        )
    )
    assert [(row.path, row.state, row.declared_mode) for row in rows] == [
        ("/etc/app/conf/a.txt", "current", "0600"),
        ("/etc/app/gone", "orphaned", "0400"),
    ]
    assert rows[1].reason == "couldn't find key gone in ConfigMap shop/web"


def test_a_sub_path_that_the_volume_does_not_have_is_said() -> None:
    volume = {"configMap": {"name": "web", "items": [{"key": "a", "path": "b"}]}}
    row = only(
        files.build(
            view(
                volume,
                stored("ConfigMap", "web", {"a": "1"}),
                mount={"mountPath": "/etc/app/a", "subPath": "a"},
                observation=look(),
            )
        )
    )
    assert (row.path, row.state, row.reason) == (
        "/etc/app/a",
        "missing",
        "volume v has no path a",
    )


TOKEN = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
ONE_USER = {"securityContext": {"runAsUser": 1000}}


@pytest.mark.parametrize(
    ("volume", "spec", "path", "mode"),
    [
        (CONFIG, {}, "a", "0644"),
        ({"configMap": {"name": "web", "defaultMode": 0o400}}, {}, "a", "0400"),
        (
            {"configMap": {"name": "web", "defaultMode": 0o400}},
            {"securityContext": {"fsGroup": 2000}},
            "a",
            "0440",
        ),
        (TOKEN, {}, "token", "0644"),
        (TOKEN, ONE_USER, "token", "0600"),
        (TOKEN, {"securityContext": {"fsGroup": 2000}}, "token", "0640"),
    ],
)
def test_declared_modes_follow_fs_group_and_run_as_user(
    volume: dict[str, Any], spec: dict[str, Any], path: str, mode: str
) -> None:
    row = only(
        files.build(
            view(
                volume,
                stored("ConfigMap", "web", {"a": "1"}),
                spec=spec,
                observation=look(seen(f"/etc/app/{path}", "1")),
            )
        )
    )
    assert row.declared_mode == mode


@pytest.mark.parametrize(
    ("uid", "gid", "groups", "mode", "readable"),
    [
        (0, 0, [], "0000", True),
        (1000, 1000, [], "0644", True),
        (1000, 1000, [], "0640", False),
        (1000, 1000, [2000], "0640", True),
        (1000, 2000, [], "0640", True),
        (500, 500, [], "0040", False),
        (1000, 1000, [], "odd", None),
    ],
)
def test_who_can_read_is_computed_from_mode_and_ids(
    uid: int, gid: int, groups: list[int], mode: str, readable: bool | None
) -> None:
    file = seen("/etc/app/a", "1", mode=mode, uid=500, gid=2000)
    process = Process(pid=7, uid=uid, gid=gid, groups=groups)
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "1"}),
                observation=look(file, main_pid=7, processes=[process]),
            )
        )
    )
    assert row.readable is readable


def test_a_token_is_current_and_never_drifts_nor_dates_its_neighbours() -> None:
    volume = {
        "projected": {
            "sources": [
                {"serviceAccountToken": {"path": "token"}},
                {
                    "configMap": {
                        "name": "kube-root-ca.crt",
                        "items": [{"key": "ca.crt", "path": "ca.crt"}],
                    }
                },
            ]
        }
    }
    rows = files.build(
        view(
            volume,
            stored("ConfigMap", "kube-root-ca.crt", {"ca.crt": "new"}),
            observation=look(
                seen("/etc/app/token", "t"),
                seen("/etc/app/ca.crt", "old"),
                volumes=[ObservedVolume(mount="/etc/app", written_at=NOW)],
            ),
        )
    )
    assert [(row.path, row.state, row.volume_written_after_start) for row in rows] == [
        ("/etc/app/ca.crt", "unknown", None),
        ("/etc/app/token", "current", None),
    ]


@pytest.mark.parametrize(
    ("written", "after"),
    [("2026-01-01T11:00:02Z", False), ("2026-01-01T11:00:03Z", True), ("odd", None)],
)
def test_a_volume_written_within_two_seconds_of_the_start_is_not_later(
    written: str, after: bool | None
) -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "1"}),
                observation=look(
                    seen("/etc/app/a", "1"),
                    volumes=[ObservedVolume(mount="/etc/app/", written_at=written)],
                ),
            )
        )
    )
    assert row.volume_written_after_start is after


@pytest.mark.parametrize(
    ("expected", "state"), [(digest("x"), "current"), (digest("y"), "stuck"), (None, "unknown")]
)
def test_a_downward_file_is_compared_with_what_the_pod_says_now(
    expected: str | None, state: str
) -> None:
    volume = {
        "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}
    }
    row = only(
        files.build(
            view(
                volume,
                observation=look(seen("/etc/app/labels", "x", expected_digest=expected)),
                metadata={"creationTimestamp": BEFORE},
            )
        )
    )
    assert (row.state, row.source.key) == (state, "metadata.labels")


def test_a_file_that_could_not_be_read_is_unreadable_and_one_not_read_is_judged_by_its_size() -> (
    None
):
    rows = files.build(
        view(
            CONFIG,
            stored("ConfigMap", "web", {"a": "1", "b": "22", "c": "333"}),
            observation=look(
                seen("/etc/app/a", "1", state="unreadable", digest=None),
                seen("/etc/app/b", "xx", state="notRead", digest=None, reason="too large"),
                seen("/etc/app/c", "x", state="notRead", digest=None),
            ),
        )
    )
    assert [(row.state, row.reason) for row in rows][:2] == [
        ("unreadable", "podx was not allowed to read it"),
        ("unknown", "too large"),
    ]
    assert rows[2].state == "stuck"


def test_the_file_of_a_mount_inside_a_mount_belongs_to_the_inner_one() -> None:
    spec = {
        "volumes": [
            {"name": "v", "configMap": {"name": "web"}},
            {"name": "w", "configMap": {"name": "inner"}},
        ],
        "containers": [
            {
                "name": "app",
                "volumeMounts": [
                    {"name": "v", "mountPath": "/etc/app"},
                    {"name": "w", "mountPath": "/etc/app/sub"},
                ],
            }
        ],
    }
    rows = files.build(
        view(
            CONFIG,
            stored("ConfigMap", "web", {"a": "1"}),
            stored("ConfigMap", "inner", {"b": "2"}),
            spec=spec,
            observation=look(
                seen("/etc/app/a", "1"), seen("/etc/app/sub/b", "2", mount="/etc/app/sub")
            ),
        )
    )
    assert [(row.volume, row.path, row.state) for row in rows] == [
        ("v", "/etc/app/a", "current"),
        ("w", "/etc/app/sub/b", "current"),
    ]


def test_a_sub_path_expression_without_its_variable_is_unknown() -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "1"}),
                mount={"subPathExpr": "$(POD)"},
                observation=look(),
            )
        )
    )
    assert (row.state, row.reason) == ("unknown", "a variable in subPathExpr is not known")


def test_a_certificate_end_is_the_files_own_before_its_sources() -> None:
    source = stored("ConfigMap", "web", {"a": "1"})
    assert source.keys is not None
    source.keys["a"] = KeyFacts(size=1, digest=digest("1"), not_after="2027-01-01T00:00:00Z")
    own = seen("/etc/app/a", "1", not_after="2026-06-01T00:00:00Z")
    assert only(files.build(view(CONFIG, source, observation=look(own)))).not_after == (
        "2026-06-01T00:00:00Z"
    )
    assert only(files.build(view(CONFIG, source))).not_after == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "pod",
    [
        None,
        {},
        {"spec": None, "status": None},
        {"spec": {"volumes": [None, 3, {"name": "v", "configMap": None}], "containers": [None]}},
        {
            "spec": {
                "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {}}, 7]}}],
                "containers": [{"name": "app", "volumeMounts": [{"name": "v"}, {"name": 3}]}],
            }
        },
    ],
)
def test_odd_pods_cost_rows_and_never_the_section(pod: Any) -> None:
    assert {row.state for row in files.build(kit.view(pod))} <= set(get_args(ValueState))


@pytest.mark.parametrize(
    ("found", "state"), [([], "unknown"), ([seen("/other", "1", mount="/other")], "missing")]
)
def test_a_partial_look_calls_a_file_missing_only_where_it_listed_files(
    found: list[ObservedFile], state: str
) -> None:
    row = only(
        files.build(
            view(
                CONFIG,
                stored("ConfigMap", "web", {"a": "1"}),
                observation=look(*found, state="partial", reason="little memory"),
            )
        )
    )
    assert row.state == state


def test_a_missing_file_of_a_volume_that_is_not_refreshed_says_so() -> None:
    sources = [{"configMap": {"name": "web"}}, {"configMap": {"name": "gone"}}]
    rows = files.build(
        view(
            {"projected": {"sources": sources}},
            stored("ConfigMap", "web", {"a": "1"}),
            lost("ConfigMap", "gone"),
            observation=look(),
        )
    )
    assert [(row.state, row.reason) for row in rows] == [
        ("missing", 'the whole volume is not refreshed: configmap "gone" not found'),
        ("missing", 'configmap "gone" not found'),
    ]
