"""What could not be looked at: one row per section, with the missing right or flag."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.capture import Call
from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.words import CoverageState
from kubectl_podx.pod.mounted_files import MOST_FILES, mounted_files
from kubectl_podx.pod.owner import why_no_template
from kubectl_podx.pod.pod import MOST_CONTAINERS, ContainerEntry, left_out
from kubectl_podx.pod.view import PodView, look
from kubectl_podx.podpreset.preset import has_preset_annotation
from kubectl_podx.sections.injections.sources import were_read
from kubectl_podx.sections.table import LOOKS_INSIDE, SECTIONS

LOST: dict[str, CoverageState] = {
    "denied": "denied",
    "failed": "partial",
    "timedOut": "timedOut",
    "skipped": "skipped",
}
"""What a call that was not answered is called in the coverage, by its state."""
LONGER = "a longer --deadline"
_WITH_TEXT = (
    "containers",
    "namespaces",
    "environment",
    "probes",
    "restarts",
    "changes",
    "lifecycle",
    "scheduling",
    "images",
    "hosts",
    "injections",
    "timeline",
)
"""Sections that show messages, logs, command lines or values of the pod."""
# Findings are made of the sections: where those lost something, they say so themselves.
_NOT_OF_ITS_OWN = frozenset({"all", "metadata", "findings"})


def build(view: PodView, sections: frozenset[str]) -> list[Coverage]:
    """The rows of every section that lost something, in the report's order, without repeats.

    An object that does not exist (404) is a fact for its section and no loss.
    """
    if view.capture.source == "manifest":
        reason = "no cluster: this is a saved manifest"
        return [
            Coverage(section=section.key, state="skipped", reason=reason, needs="name a live pod")
            for section in SECTIONS
            if section.key in sections and not section.saved
        ]
    rows: dict[Coverage, None] = {}
    for row in (
        *_disturbed(view),
        *_withheld(view),
        *_calls(view),
        *_looks(view),
        *_incomplete_lists(view),
        *_not_compared(view),
        *_too_many(view, sections),
    ):
        if row.section in sections:
            rows[row] = None
    return _merged(list(rows))


def _disturbed(view: PodView) -> Iterator[Coverage]:
    if view.captured.disturbed:
        for section in LOOKS_INSIDE:
            yield Coverage(section=section, state="unobservable", reason=view.captured.disturbed)


def _withheld(view: PodView) -> Iterator[Coverage]:
    """Text that is not shown because a Secret was not read whose values may be in it."""
    for key in view.captured.withheld:
        stored = view.capture.objects.get(key)
        late = stored is not None and stored.state == "timedOut"
        what = _object(key)
        reason = (
            f"messages, events, logs, command lines and values are withheld: {what} was not read, "
            "so its values cannot be removed from them"
        )
        for section in _WITH_TEXT:
            yield Coverage(
                section=section,
                state="timedOut" if late else "partial",
                reason=reason,
                needs=LONGER if late else f"a run that can read {what}",
            )


def _calls(view: PodView) -> Iterator[Coverage]:
    """Refused, slow or broken requests. Execs and debug containers are told by the looks."""
    for call in view.captured.calls:
        state = LOST.get(call.state)
        if state is None or call.kind in ("exec", "debug") or _nobody_misses(view, call):
            continue
        for section in call.sections:
            if section not in _NOT_OF_ITS_OWN:
                yield Coverage(
                    section=section,
                    container=call.container,
                    state=state,
                    reason=lost_words(call),
                    needs=call.needs or (LONGER if state == "timedOut" else ""),
                )


def _nobody_misses(view: PodView, call: Call) -> bool:
    """A right on PodPresets, which few clusters have, where the pod says nothing of any.

    A reading of memory only decides whether to exec: what was not looked into says so itself.
    """
    if call.kind in ("podMetrics", "stats"):
        return True
    if (call.kind, call.state) in (("throttling", "denied"), ("names", "denied")):
        # The probe counters take the same right, and say so; nothing lacks a row without the other.
        return True
    presets = (call.kind, call.about, call.state) == ("list", "PodPreset", "denied")
    return presets and not has_preset_annotation(view.pod)


def lost_words(call: Call) -> str:
    """`events: forbidden`: what was asked for, and how it ended."""
    words = (_object(call.target), call.container, call.detail)
    what = {
        "list": f"{call.about} list",
        "metrics": "the kubelet's probe counters",
        "throttling": "how often the CPU limit held the pod back",
        "apis": "the list of API groups",
        "names": f"names of {call.about}s in other namespaces",
        "log": "log",
    }.get(call.kind or "", " ".join(filter(None, words)))
    return f"{what}: {call.reason or call.state}"


def _object(key: str) -> str:
    """`Secret/shop/db` -> `Secret db`."""
    kind, _, rest = key.partition("/")
    return f"{kind} {rest.rpartition('/')[2]}".strip()


def _looks(view: PodView) -> Iterator[Coverage]:
    """Containers that were not, or not fully, looked into."""
    for entry in view.containers:
        looked = look(view, entry)
        if looked.coverage == "full" or _done(entry):
            continue
        for section in LOOKS_INSIDE:
            yield Coverage(
                section=section,
                container=entry.name,
                state=looked.coverage,
                reason=looked.reason or "not everything could be read",
                needs=looked.needs or (LONGER if looked.coverage == "timedOut" else ""),
            )


def _done(entry: ContainerEntry) -> bool:
    """An init or debug container that has done its work: there is nothing left to look at."""
    end = entry.terminated
    return end is not None and end.exit_code == 0 and entry.kind in ("init", "ephemeral")


def _incomplete_lists(view: PodView) -> Iterator[Coverage]:
    """Lists that came back incomplete."""
    for call in view.captured.calls:
        if call.state == "ok" and call.reason and call.kind != "exec":
            for section in call.sections:
                if section not in _NOT_OF_ITS_OWN:
                    yield Coverage(section=section, state="partial", reason=lost_words(call))


def _not_compared(view: PodView) -> Iterator[Coverage]:
    """Only where who changes pods was asked: a report on everything else misses nothing."""
    reason = why_no_template(view) if were_read(view) and view.applied is None else ""
    if reason:
        yield Coverage(section="injections", state="unobservable", reason=reason)


def _too_many(view: PodView, sections: frozenset[str]) -> Iterator[Coverage]:
    """Files and containers beyond the most that one report has."""
    more = left_out(view.pod)
    if more:
        reason = f"only the first {MOST_CONTAINERS} containers were read: {more} more are declared"
        yield Coverage(section="containers", state="partial", reason=reason)
    if "files" in sections and len(mounted_files(view)) >= MOST_FILES:
        reason = f"only the first {MOST_FILES:,} files of the pod were compared"
        yield Coverage(section="files", state="partial", reason=reason)


def _merged(rows: list[Coverage]) -> list[Coverage]:
    """Rows that say the same of one section and container become one."""
    known: dict[tuple[str, str, CoverageState, str], list[Coverage]] = {}
    for row in rows:
        known.setdefault((row.section, row.container, row.state, row.needs), []).append(row)
    return [
        Coverage(
            section=section,
            container=container,
            state=state,
            reason="; ".join(dict.fromkeys(row.reason for row in several if row.reason)),
            needs=needs,
        )
        for (section, container, state, needs), several in known.items()
    ]
