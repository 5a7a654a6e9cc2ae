"""Whether a pod would start now: everything that is against it, the nodes, and one verdict."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.model.words import StartState
from kubectl_podx.pod.image_name import default_policy, normalized
from kubectl_podx.pod.owner import workload
from kubectl_podx.pod.view import PodView
from kubectl_podx.start import admission, references, shape
from kubectl_podx.start.nodes import Found, nodes_for
from kubectl_podx.start.report import AdmissionAnswer, PodStart, StartProblem
from kubectl_podx.start.room import Place, Room

_ORDER = ("critical", "warning", "info")
# A repository is lower-case; a tag begins with a letter, digit or underscore (distribution).
_IMAGE = lazy(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[a-z0-9]+:[0-9a-fA-F]{32,})?"
)


def build(view: PodView, room: Room) -> PodStart:
    """The facts about one pod that would be made."""
    found = nodes_for(view, room)
    problems = [
        *admission.problems(view),
        *references.problems(view),
        *found.problems,
        *references.gates(view),
        *_images(view, room, found),
    ]
    problems = sorted(_once(problems), key=lambda one: _ORDER.index(one.severity))
    coverage = [*admission.not_asked(view), *_unread(view), *found.coverage]
    answer = view.captured.admission
    owner = workload(view)
    state = _state(view, problems, coverage)
    return PodStart(
        namespace=view.reference.namespace,
        name=view.reference.name,
        owner=f"{owner.kind}/{owner.name}" if owner is not None else "",
        basis=answer.basis if answer is not None else "pod",
        state=state,
        summary=_summary(state, problems, coverage, found),
        admission=AdmissionAnswer(
            state=answer.state if answer is not None else "notAsked",
            message=answer.message if answer is not None and answer.state != "accepted" else "",
        ),
        nodes=found.nodes,
        pulls=sorted(_pulls(view, found)) if found.fitting else [],
        problems=problems,
        coverage=coverage,
    )


def build_offline(view: PodView, declared: Json) -> PodStart:
    """The facts about a pod of a manifest without a cluster. `declared`: the object of the file."""
    problems = [
        *shape.of_workload(declared),
        *shape.mistakes(view.pod),
        *by_itself(view),
    ]
    problems = sorted(_once(problems), key=lambda one: _ORDER.index(one.severity))
    bad = any(one.severity == "critical" for one in problems)
    why = Coverage(section="start", state="skipped", reason="no cluster was asked")
    state: StartState = "wouldNotStart" if bad else "unknown"
    return PodStart(
        namespace=view.reference.namespace,
        name=view.reference.name,
        basis="manifest",
        state=state,
        summary=_summary(state, problems, [why], Found()),
        admission=AdmissionAnswer(),
        problems=problems,
        coverage=[why],
    )


def by_itself(view: PodView) -> list[StartProblem]:
    """What is against a pod without a cluster: by itself and what stands beside it in the file."""
    room = Room(None, False, {})
    problems = [*references.problems(view), *references.gates(view), *_images(view, room, Found())]
    return sorted(_once(problems), key=lambda one: _ORDER.index(one.severity))


def _once(problems: list[StartProblem]) -> Iterator[StartProblem]:
    """Admission and the references often say the same; the first is kept."""
    told: set[tuple[str, str]] = set()
    if any(one.kind == "namespace" for one in problems):
        # Without its namespace nothing else can be there.
        problems = [one for one in problems if one.kind in ("namespace", "image")]
    for one in problems:
        key = (one.kind, one.object)
        if one.object and key in told and one.kind != "key":
            continue
        told.add(key)
        same = (p for p in problems if (p.kind, p.object) == key and p.field)
        if one.object and not one.field and (better := next(same, None)) is not None:
            # Admission names no field; whoever read the pod does.
            yield msgspec.structs.replace(one, field=better.field)
            continue
        yield one


def _unread(view: PodView) -> Iterator[Coverage]:
    for why, needs in dict.fromkeys(references.unread(view)):
        yield Coverage(
            section="start", state="denied" if needs else "partial", reason=why, needs=needs
        )


def _state(view: PodView, problems: list[StartProblem], coverage: list[Coverage]) -> StartState:
    if any(one.severity == "critical" for one in problems):
        return "wouldNotStart"
    answer = view.captured.admission
    heard = answer is not None and (
        answer.state == "accepted"
        or (answer.state == "refused" and admission.has_room_without(view))
    )
    return "wouldStart" if heard and not coverage else "unknown"


def _summary(
    state: StartState, problems: list[StartProblem], coverage: list[Coverage], found: Found
) -> str:
    if problems and state != "unknown":
        more = len(problems) - 1
        return problems[0].title + (f" (and {more} more)" if more else "")
    if state == "unknown":
        against = problems[0].title if problems else "nothing found against it"
        return f"{against}; not checked: {coverage[0].reason}" if coverage else against
    nodes = found.nodes
    if nodes is not None:
        return f"accepted by the API server; {nodes.fit} of {nodes.of} nodes could take it"
    return "accepted by the API server"


# -- images --------------------------------------------------------------------------------------


def _containers(pod: Json) -> Iterator[tuple[str, str, Json]]:
    for field in ("initContainers", "containers"):
        for at, spec in enumerate(items(pod, "spec", field)):
            yield f"spec.{field}[{at}]", text(spec, "name"), spec


def _images(view: PodView, room: Room, found: Found) -> Iterator[StartProblem]:
    """Images that cannot be had, as far as the API knows."""
    failing = _failing(view, room)
    for place, name, spec in _containers(view.pod):
        image = text(spec, "image")
        policy = text(spec, "imagePullPolicy") or default_policy(image)
        sure, evidence = False, []
        if image and not _IMAGE.fullmatch(image):
            title, sure = f"image {image!a} of {name} is not a valid image name", True
        elif policy == "Never" and found.fitting and not _had(image, found.fitting):
            title = f"image {image} of {name} is on no node that fits and may not be pulled"
            evidence = ["imagePullPolicy Never", _looked_at(found.fitting)]
        elif image in failing:
            title = f"image {image} of {name} cannot be had now"
            evidence = [f"pod {failing[image]} is waiting for it"]
        else:
            continue
        yield StartProblem(
            kind="image",
            severity="critical",
            confidence="proven" if sure else "likely",
            title=title,
            evidence=evidence,
            container=name,
            object=f"Image/{image}",
            field=f"{place}.image",
        )


def _looked_at(places: list[Place]) -> str:
    names = ", ".join(place.name for place in places[:3])
    return f"not among the images of {names}"


def _had(image: str, places: list[Place]) -> bool:
    """Whether a node has it, or does not tell of all its images."""
    wanted = normalized(image)
    return any(wanted in place.images or not place.tells_all for place in places)


def _failing(view: PodView, room: Room) -> dict[str, str]:
    """Images that the pod whose place it takes waits for in vain."""
    return {
        image: tenant.label
        for place in room.places or ()
        for tenant in place.tenants
        if view.captured.uid and tenant.uid == view.captured.uid
        for image in tenant.failing
    }


def _pulls(view: PodView, found: Found) -> set[str]:
    """Images that none of the nodes is known to have."""
    return {
        image
        for _, _, spec in _containers(view.pod)
        if (image := text(spec, "image"))
        and not any(normalized(image) in place.images for place in found.fitting)
    }
