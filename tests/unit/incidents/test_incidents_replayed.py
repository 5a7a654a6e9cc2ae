"""Every recorded incident, judged again: whole, and with a witness taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from incidents.catalogue import EVERY, HEALTHY, INCIDENTS, SAMPLE
from incidents.incident import Incident, Where
from incidents.judge import cause_is_right, mistakes, mistakes_with_less
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture import redact
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.capture.redact import WITHHELD
from kubectl_podx.model.capture import Capture, CapturedPod, StoredObject
from kubectl_podx.render.document import to_json
from kubectl_podx.sections.report import PodReport

RECORDED = Path(__file__).resolve().parents[2] / "incidents" / "recorded"
CAPTURES = {path.stem: read_bundle(path) for path in sorted(RECORDED.glob("*.podx"))}
KNOWN = [each for each in EVERY if each.name in CAPTURES]
OTHERS = {
    where: {p.stem: read_bundle(p) for p in sorted((RECORDED / where.folder).glob("*.podx"))}
    for where in (Where("crio"), Where(whole_group=True))
}
OF_CRIO, OF_V2 = OTHERS.values()
CASES = [
    *((each, CAPTURES[each.name], each.name) for each in KNOWN),
    *(
        (each.on(where), captures[each.name], f"{where.folder}/{each.name}")
        for where, captures in OTHERS.items()
        for each in EVERY
        if each.name in captures
    ),
]


def report_of(capture: Capture) -> PodReport:
    return analyse(capture).items[0]


def without_events(capture: Capture, *reasons: str) -> Capture:
    """The pod's events of these reasons have expired."""
    lists = {
        key: msgspec.structs.replace(
            stored, items=[one for one in stored.items if one.get("reason") not in reasons]
        )
        for key, stored in capture.lists.items()
    }
    return msgspec.structs.replace(capture, lists=lists)


def without_killing(capture: Capture) -> Capture:
    return without_events(capture, "Killing")


def without_any_event(capture: Capture) -> Capture:
    lists = {
        key: msgspec.structs.replace(stored, items=[] if key.startswith("Event/") else stored.items)
        for key, stored in capture.lists.items()
    }
    return msgspec.structs.replace(capture, lists=lists)


def without_metrics(capture: Capture) -> Capture:
    return _pods(capture, lambda pod: msgspec.structs.replace(pod, probe_counters=None))


def without_logs(capture: Capture) -> Capture:
    return _pods(capture, lambda pod: msgspec.structs.replace(pod, logs=[]))


def without_a_look_inside(capture: Capture) -> Capture:
    return _pods(capture, lambda pod: msgspec.structs.replace(pod, observations=[]))


def without_killing_and_metrics(capture: Capture) -> Capture:
    return without_killing(without_metrics(capture))


def without_killing_and_unhealthy(capture: Capture) -> Capture:
    return without_events(capture, "Killing", "Unhealthy", "FailedPostStartHook")


def without_all_of_it(capture: Capture) -> Capture:
    return without_any_event(without_metrics(without_logs(without_a_look_inside(capture))))


def without_texts(capture: Capture) -> Capture:
    """A Secret of the pod was not read in time: whatever it says is withheld."""

    def sealed(stored: StoredObject) -> StoredObject:
        if not stored.reference.startswith("Pod/") or stored.body is None:
            return stored
        body = redact.pod(stored.body, lambda text: WITHHELD if text else text)
        return msgspec.structs.replace(stored, body=body)

    capture = _pods(
        without_any_event(capture),
        lambda pod: msgspec.structs.replace(pod, logs=[], withheld=["Secret/x/late"]),
    )
    objects = {key: sealed(stored) for key, stored in capture.objects.items()}
    return msgspec.structs.replace(capture, objects=objects)


LESS = (
    without_killing,
    without_metrics,
    without_logs,
    without_a_look_inside,
)
BLIND = (
    without_killing_and_metrics,
    without_killing_and_unhealthy,
    without_any_event,
    without_all_of_it,
)


def _pods(capture: Capture, change: Callable[[CapturedPod], CapturedPod]) -> Capture:
    return msgspec.structs.replace(capture, pods=[change(pod) for pod in capture.pods])


EACH = pytest.mark.parametrize(
    ("incident", "capture"), [case[:2] for case in CASES], ids=[case[2] for case in CASES]
)


def test_the_corpus_is_whole() -> None:
    names = [each.name for each in EVERY]
    assert len(set(names)) == len(names)
    assert set(CAPTURES) == set(names)
    assert set(OF_CRIO) == {each.name for each in EVERY if each.runtime_speaks}
    assert {each.name for each in EVERY if each.whole_group} <= set(OF_V2) <= set(names)
    assert len(INCIDENTS) >= 40
    assert len(HEALTHY) >= 20


def test_the_sample_has_every_cause() -> None:
    chosen = [each for each in EVERY if each.name in SAMPLE]
    assert len(chosen) == len(SAMPLE) == len(set(SAMPLE)) == 30
    assert {each.expected.cause for each in chosen} == {each.expected.cause for each in EVERY}
    assert any(each.whole_group for each in chosen)
    assert any(each.healthy for each in chosen)
    assert not any(each.slow for each in chosen)


def test_every_cause_is_right() -> None:
    wrong = [name for each, capture, name in CASES if not cause_is_right(each, report_of(capture))]
    assert wrong == []


@EACH
def test_what_the_report_says(incident: Incident, capture: Capture) -> None:
    assert mistakes(incident, report_of(capture)) == []


@EACH
@pytest.mark.parametrize("less", LESS)
def test_a_witness_that_is_gone_spoils_no_cause(
    incident: Incident, capture: Capture, less: Callable[[Capture], Capture]
) -> None:
    whole, part = report_of(capture), report_of(less(capture))
    assert mistakes_with_less(incident, whole, part) == []


@EACH
@pytest.mark.parametrize("less", BLIND)
def test_without_the_events_a_wrong_cause_is_no_more_than_possible(
    incident: Incident, capture: Capture, less: Callable[[Capture], Capture]
) -> None:
    whole, part = report_of(capture), report_of(less(capture))
    assert mistakes_with_less(incident, whole, part, blind=True) == []


@EACH
def test_without_its_texts_a_wrong_cause_is_no_more_than_possible(
    incident: Incident, capture: Capture
) -> None:
    whole, part = report_of(capture), report_of(without_texts(capture))
    found = mistakes_with_less(incident, whole, part, blind=True)
    # What the runtime refused to make has never ended: only its words tell of a start error.
    never = {row.container for row in part.restarts or [] if row.exit_code is None}
    assert [one for one in found if one.partition(":")[0] not in never] == []


@EACH
def test_the_report_is_of_its_types(incident: Incident, capture: Capture) -> None:
    report = report_of(capture)
    assert msgspec.json.decode(to_json(report), type=PodReport) == report


_FIXES = (
    "delete pod",
    "edit ",
    "patch ",
    "rollout restart ",
    "rollout undo ",
    "set resources ",
    "create serviceaccount ",
    "uncordon ",
    "get pod ",
)
_LOOKS = ("get ", "describe ", "logs ", "exec ", "podx ")


@pytest.mark.parametrize(
    "capture", [capture for _, capture, _ in CASES], ids=[n for *_, n in CASES]
)
def test_a_fix_changes_something_and_the_next_command_nothing(capture: Capture) -> None:
    for each in report_of(capture).findings or []:
        fix, following = (words.removeprefix("kubectl ") for words in (each.fix, each.next))
        assert fix.startswith(_FIXES) or not fix, fix
        # Of a pod next to nothing may be changed in place.
        assert not fix.startswith(("edit pod", "patch pod")) or "--subresource=resize" in fix
        assert not fix.startswith("get pod ") or "kubectl replace --force" in fix
        assert following.startswith(_LOOKS) or not following, following
        assert not each.remedy.startswith("kubectl ")
        assert each.remedy or each.fix
