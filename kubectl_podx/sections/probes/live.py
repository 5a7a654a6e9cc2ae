"""Rules about probes that `--run-probes` ran: what one run shows, it never proves a cause."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.rules.remedies import DOCS, edit_owner
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.probes.report import LiveProbe, Probe

_HOW = DOCS + "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"


def _made(probe: Probe) -> list[LiveProbe]:
    return [one for one in probe.live if one.result != "notRun"]


def _seen(probe: Probe, made: list[LiveProbe]) -> tuple[str, ...]:
    runs = (
        f"run {number} of {len(made)}: {one.result}"
        + (f" ({one.detail})" if one.detail else "")
        + f" in {one.seconds:.3f} s, from {one.method}"
        for number, one in enumerate(made, 1)
    )
    return (*runs, f"the kubelet's own view: {probe.state}, {probe.reason}")


def slow(case: Case) -> Iterator[Hit]:
    """Every run took longer than the kubelet waits."""
    for probe in case.report.probes or []:
        made = _made(probe)
        if made and min(one.seconds for one in made) > probe.timing.timeout:
            yield Hit(
                f"{probe.container}'s {probe.type} probe ({probe.handler.text}) took "
                f"{min(one.seconds for one in made):.1f} s or more in every run; timeoutSeconds is "
                f"{probe.timing.timeout:g}",
                _seen(probe, made),
                container=probe.container,
                remedy=edit_owner(case),
            )


def fails_now(case: Case) -> Iterator[Hit]:
    """No run succeeded, while the kubelet does not say that it fails."""
    for probe in case.report.probes or []:
        made = _made(probe)
        if not made or any(one.succeeded for one in made):
            continue
        if probe.state in ("failing", "erroring") or min(o.seconds for o in made) > (
            probe.timing.timeout
        ):
            continue
        yield Hit(
            f"{probe.container}'s {probe.type} probe ({probe.handler.text}) did not succeed in "
            f"{len(made)} {'run' if len(made) == 1 else 'runs'} just now",
            _seen(probe, made),
            container=probe.container,
            remedy=edit_owner(case),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="PRB014",
        section="probes",
        severity="warning",
        title="A probe that was run now takes longer than its timeoutSeconds",
        meaning="The kubelet counts a timeout as a failure. The time measured here has the way to "
        "the API server in it, some milliseconds to some tenths of a second.",
        known_by="--run-probes: every run took longer than timeoutSeconds.",
        remedy="Raise timeoutSeconds, or make what the probe asks cheaper.",
        link=_HOW,
        check=slow,
    ),
    Rule(
        code="PRB015",
        section="probes",
        severity="warning",
        title="A probe that was run now does not succeed",
        meaning="The kubelet may not have run it yet, may wait for its threshold, or may reach the "
        "port from another side than podx: the report says from where each run went.",
        known_by="--run-probes: no run succeeded.",
        remedy="Compare from where podx and the kubelet ask, then look at what is asked.",
        link=_HOW,
        check=fails_now,
    ),
)
