"""Objects that the pod refers to: which of them are not there, and which cannot be used."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.words import StartProblemKind
from kubectl_podx.pod.claims import only_one_pod, users, why_no_volume, why_unbound
from kubectl_podx.pod.devices import device_claims
from kubectl_podx.pod.sources import Use, uses
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.remedies import checked, kubectl
from kubectl_podx.start.report import StartProblem

_WAITS = "waits for the first consumer"


def problems(view: PodView) -> Iterator[StartProblem]:
    """Everything that is against the pod by what it refers to."""
    yield from _sources(view)
    yield from _account(view)
    yield from _pull_secrets(view)
    yield from _claims(view)
    yield from _classes(view)
    yield from _devices(view)


def _sources(view: PodView) -> Iterator[StartProblem]:
    """ConfigMaps, Secrets and their keys: without one that is not optional the kubelet makes no
    container (CreateContainerConfigError) or mounts no volume (FailedMount).
    """
    told: set[tuple[str, str, str]] = set()
    for use in uses(view):
        if use.optional or not use.gone:
            continue
        source = use.source
        lost = [k for k in use.keys if source.keys is not None and k not in source.keys]
        key = "" if source.gone else lost[0]
        known = (source.kind, source.name, key)
        if known in told:
            continue
        told.add(known)
        yield _missing_source(view, use, key)


def _missing_source(view: PodView, use: Use, key: str) -> StartProblem:
    source = use.source
    kind: StartProblemKind = "secret" if source.kind == "Secret" else "configMap"
    where = f"volume {use.volume}" if use.volume else f"container {use.container}"
    if use.variable:
        where = f"variable {use.variable} of {use.container}"
    title = f'{source.kind} "{source.name}" does not exist'
    if key:
        title = f'{source.kind} "{source.name}" has no key "{key}"'
    words: tuple[str, ...] = ("get", f"{source.kind.lower()}s")
    if key:
        words = ("describe", source.kind.lower(), checked(source.name))
    return StartProblem(
        kind="key" if key else kind,
        severity="critical",
        title=f"{title}: {where} needs it",
        evidence=[use.gone],
        container=use.container,
        object=f"{source.kind}/{source.name}",
        field=use.path.removesuffix(".name") + ".key" if key and use.variable else use.path,
        next=kubectl(*words, namespace=view.reference.namespace),
    )


def _account(view: PodView) -> Iterator[StartProblem]:
    name = view.api.service_account or "default"
    if name == "default" and made_by_file(view):
        # A new namespace gets one.
        return
    stored = view.object("ServiceAccount", name)
    if stored is not None and stored.state == "missing":
        yield StartProblem(
            kind="serviceAccount",
            severity="critical",
            title=f'ServiceAccount "{name}" does not exist',
            object=f"ServiceAccount/{name}",
            field="spec.serviceAccountName" if view.api.service_account else "",
            next=kubectl("get", "serviceaccounts", namespace=view.reference.namespace),
        )


def made_by_file(view: PodView) -> bool:
    """Whether the pod's namespace is one that its own manifest makes."""
    key = Reference("Namespace", "", view.reference.namespace).key
    return view.captured.maker_admission is None and key in view.capture.objects


def _pull_secrets(view: PodView) -> Iterator[StartProblem]:
    """The kubelet pulls without a secret that is missing: that is enough for some registries."""
    for at, secret in enumerate(items(view.pod, "spec", "imagePullSecrets")):
        name = text(secret, "name")
        stored = view.object("Secret", name)
        if stored is not None and stored.state == "missing":
            yield StartProblem(
                kind="pullSecret",
                severity="warning",
                title=f'pull secret "{name}" does not exist: images are pulled without it',
                object=f"Secret/{name}",
                field=f"spec.imagePullSecrets[{at}].name",
                next=kubectl("get", "secrets", namespace=view.reference.namespace),
            )


def _claims(view: PodView) -> Iterator[StartProblem]:
    made = _made_by_owner(view)
    for at, volume in enumerate(items(view.pod, "spec", "volumes")):
        name = text(volume, "persistentVolumeClaim", "claimName")
        stored = view.object("PersistentVolumeClaim", name) if name else None
        template = made.get(text(volume, "name"))
        field = f"spec.volumes[{at}].persistentVolumeClaim.claimName"
        label = f'PersistentVolumeClaim "{name}" (volume "{text(volume, "name")}")'
        gone = stored is None or stored.state == "missing"
        if name and gone and template is not None:
            # The StatefulSet makes it.
            why = why_no_volume(view, template)
            if why:
                place = f"spec.volumeClaimTemplates[{[*made].index(text(volume, 'name'))}]"
                yield _claim(view, name, f"{label} would get no volume: {why}", [], place)
        elif stored is None:
            continue
        elif gone:
            yield _claim(view, name, f"{label} does not exist", [], field)
        elif stored.state == "present" and not text(stored.body, "metadata", "uid"):
            # The file makes it.
            why = why_no_volume(view, stored.body or {})
            if why:
                yield _claim(view, name, f"{label} would get no volume: {why}", [], field)
        elif stored.state == "present" and text(stored.body, "metadata", "deletionTimestamp"):
            yield _claim(view, name, f"{label} is being deleted", [], field)
        elif stored.state == "present":
            unbound = why_unbound(view, name)
            if unbound and _WAITS not in unbound[0]:
                yield _claim(view, name, f"{label} is not bound: {unbound[0]}", unbound[1:], field)
            # Of a manifest they may be the pods whose place it takes.
            alone = view.captured.uid and only_one_pod(view, name)
            others = users(view, name) if alone else []
            if others:
                title = f"{label} may be used by one pod alone (ReadWriteOncePod)"
                yield _claim(view, name, title, [f"in use by pod {others[0]}"], field)


def _made_by_owner(view: PodView) -> dict[str, Json]:
    """Volumes whose claims the StatefulSet makes where they are not there, with their templates."""
    for owner in items(view.pod, "metadata", "ownerReferences"):
        stored = view.object(text(owner, "kind"), text(owner, "name"))
        body = stored.body if stored is not None else None
        claims = items(body, "spec", "volumeClaimTemplates")
        if claims:
            return {text(one, "metadata", "name"): one for one in claims}
    return {}


def _claim(view: PodView, name: str, title: str, why: list[str], field: str) -> StartProblem:
    return StartProblem(
        kind="claim",
        severity="critical",
        title=title,
        evidence=why,
        object=f"PersistentVolumeClaim/{name}",
        field=field,
        next=kubectl("describe", "pvc", checked(name), namespace=view.reference.namespace),
    )


def _classes(view: PodView) -> Iterator[StartProblem]:
    kinds: tuple[tuple[str, str, StartProblemKind], ...] = (
        ("PriorityClass", "priorityClassName", "priorityClass"),
        ("RuntimeClass", "runtimeClassName", "runtimeClass"),
    )
    for kind, field, word in kinds:
        name = text(view.pod, "spec", field)
        stored = view.capture.objects.get(Reference(kind, "", name).key) if name else None
        if stored is not None and stored.state == "missing":
            yield StartProblem(
                kind=word,
                severity="critical",
                title=f'{kind} "{name}" does not exist',
                object=f"{kind}/{name}",
                field=f"spec.{field}",
                next=kubectl("get", f"{kind.lower()}es"),
            )


def _devices(view: PodView) -> Iterator[StartProblem]:
    for at, claim in enumerate(device_claims(view)):
        field = f"spec.resourceClaims[{at}]"
        if claim.state == "missing":
            title = f"{claim.label} does not exist"
        elif claim.lost_classes:
            lost = claim.lost_classes[0]
            title = f"{claim.label} asks for device class {lost}, which does not exist"
        else:
            continue
        yield StartProblem(
            kind="device",
            severity="critical",
            title=title,
            object=f"ResourceClaim/{claim.name}",
            field=field,
            next=kubectl("get", "resourceclaims", namespace=view.reference.namespace),
        )


def gates(view: PodView) -> Iterator[StartProblem]:
    """Scheduling gates that are declared: the pod is held until somebody removes them."""
    for at, gate in enumerate(items(view.pod, "spec", "schedulingGates")):
        yield StartProblem(
            kind="gate",
            severity="warning",
            title=f'scheduling gate "{text(gate, "name")}" holds the pod until it is removed',
            field=f"spec.schedulingGates[{at}].name",
        )


def unread(view: PodView) -> Iterator[tuple[str, str]]:
    """What could not be read of sources that the pod needs: why, and the missing right."""
    for claim in device_claims(view):
        if claim.state in ("notMade", "unknown", "pending") and not claim.lost_classes:
            yield f"devices of {claim.label} were not checked", ""
    for use in uses(view):
        source = use.source
        if use.optional:
            continue
        if source.denied:
            yield f"{source.label}: forbidden", f"get {source.kind.lower()}s"
        elif source.unread and not source.gone:
            yield source.unread, ""
