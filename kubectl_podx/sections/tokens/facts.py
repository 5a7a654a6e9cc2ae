"""Projected service account tokens: their claims against the pod, node and account of now."""

from __future__ import annotations

from datetime import datetime, timedelta

from kubectl_podx.model.capture import ObservedToken
from kubectl_podx.model.clock import format_time, parse_time, seconds_after
from kubectl_podx.model.raw import Json, dig, items, number, text
from kubectl_podx.model.words import TokenState
from kubectl_podx.pod.mounted_files import MountedFile, mounted_files, normal
from kubectl_podx.pod.view import PodView, look
from kubectl_podx.sections.tokens.report import TokenRow

_DEFAULT_EXPIRATION = 3600
"""`expirationSeconds` where it is not given."""
_REFRESH_SHARE = 0.8
_LONGEST_USE = timedelta(hours=24)


def build(view: PodView) -> list[TokenRow]:
    """One row for each declared token file, and for each token that was found beside them."""
    rows: list[TokenRow] = []
    declared: set[tuple[str, str]] = set()
    for file in mounted_files(view):
        if file.origin.kind == "serviceAccountToken":
            declared.add((file.entry.name, file.path))
            rows.append(_row(view, file.entry.name, file.path, _token(view, file), file))
    for entry in view.containers:
        observation = view.observations.get(entry.name)
        for token in observation.tokens if observation else []:
            path = normal(token.path)
            if (entry.name, path) not in declared:
                rows.append(_row(view, entry.name, path, token, None))
    return rows


def _token(view: PodView, file: MountedFile) -> ObservedToken | None:
    observation = view.observations.get(file.entry.name)
    for token in observation.tokens if observation else []:
        if normal(token.path) == file.path:
            return token
    return None


def _row(
    view: PodView,
    container: str,
    path: str,
    token: ObservedToken | None,
    file: MountedFile | None,
) -> TokenRow:
    seconds = _expiration_seconds(view, file) if file else None
    volume = file.volume if file else ""
    if token is None or token.state != "read":
        state, reason = _unseen(view, container, token, file)
        return TokenRow(
            container=container,
            path=path,
            volume=volume,
            audiences=[],
            expiration_seconds=seconds,
            state=state,
            reason=reason,
        )
    refresh = refresh_at(token, seconds)
    state, reason = _state(view, token, refresh)
    return TokenRow(
        container=container,
        path=path,
        volume=volume,
        audiences=token.audiences,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        warn_after=token.warn_after,
        refresh_at=format_time(refresh) if refresh else None,
        expiration_seconds=seconds,
        bound_pod=token.pod_name or "",
        bound_node=token.node_name or "",
        service_account=token.service_account or "",
        state=state,
        reason=reason,
    )


def _unseen(
    view: PodView, container: str, token: ObservedToken | None, file: MountedFile | None
) -> tuple[TokenState, str]:
    if token is not None:
        what = "is no token" if token.state == "invalid" else "could not be read"
        return "unreadable", token.reason or f"the file {what}"
    entry = view.container(container)
    observed = file.observed if file else None
    if observed is not None and observed.state == "unreadable":
        return "unreadable", observed.reason or "the file could not be read"
    found = look(view, entry).reason if entry else ""
    return "unknown", found or "the token was not checked"


def refresh_at(token: ObservedToken, declared_seconds: float | None) -> datetime | None:
    """When the kubelet asks for a new one: after 80 % of its life, 24 h at most.

    (pkg/kubelet/token/token_manager.go.) The API server gives the default token of 3607 s a year,
    and its true life is the warnafter claim.
    """
    issued = parse_time(token.issued_at)
    if issued is None:
        return None
    end = parse_time(token.warn_after) or parse_time(token.expires_at)
    if end is not None:
        life = end - issued
    elif declared_seconds is not None:
        life = seconds_after(issued, declared_seconds) - issued
    else:
        return None
    return issued + min(life * _REFRESH_SHARE, _LONGEST_USE)


def _state(view: PodView, token: ObservedToken, refresh: datetime | None) -> tuple[TokenState, str]:
    expires = parse_time(token.expires_at)
    differences = "; ".join(_differences(view, token))
    if view.now is not None and expires is not None and expires <= view.now:
        late = f"expired at {format_time(expires)}"
        return "expired", f"{late}; {differences}" if differences else late
    if differences:
        return "mismatch", differences
    if view.now is not None and refresh is not None and refresh < view.now:
        return "refreshDue", f"a refresh was due at {format_time(refresh)}"
    if view.now is None or expires is None:
        return "unknown", "it cannot be told whether it has expired"
    return "valid", ""


def _differences(view: PodView, token: ObservedToken) -> list[str]:
    """What the token is bound to and what is no longer so: the API server refuses such a token."""
    account = view.api.service_account
    node = view.api.node
    found = [
        _against("pod", token.pod_name, view.reference.name),
        _against("pod uid", token.pod_uid, view.captured.uid or text(view.pod, "metadata", "uid")),
        _against("namespace", token.namespace, view.reference.namespace),
        _against("service account", token.service_account, account),
        _against("node", token.node_name, node),
        _object(view, "ServiceAccount", account, token.service_account_uid),
        _object(view, "Node", node, token.node_uid),
    ]
    return [difference for difference in found if difference]


def _against(what: str, bound: str | None, now: str) -> str:
    if not bound or not now or bound == now:
        return ""
    return f"bound to {what} {bound}, which is {now} now"


def _object(view: PodView, kind: str, name: str, bound_uid: str | None) -> str:
    stored = view.object(kind, name) if name else None
    words = {"ServiceAccount": "service account", "Node": "node"}[kind]
    if stored is None or stored.state not in ("present", "missing"):
        return ""
    if stored.state == "missing":
        return f"{words} {name} does not exist any more"
    uid = text(stored.body, "metadata", "uid")
    if bound_uid and uid and bound_uid != uid:
        return f"{words} {name} was deleted and recreated since"
    return ""


def _expiration_seconds(view: PodView, file: MountedFile) -> float:
    for volume in items(view.pod, "spec", "volumes"):
        if text(volume, "name") != file.volume:
            continue
        for projection in items(volume, "projected", "sources"):
            found: Json | None = dig(projection, "serviceAccountToken")
            if found is not None and file.path.endswith("/" + text(found, "path").strip("/")):
                return float(number(found, "expirationSeconds") or _DEFAULT_EXPIRATION)
    return float(_DEFAULT_EXPIRATION)


def no_automount(view: PodView) -> str:
    """The field that keeps the account's token away; empty where none does.

    The pod's own field beats the account's (plugin/pkg/admission/serviceaccount).
    """
    field = "automountServiceAccountToken"
    own = dig(view.pod, "spec", field)
    if own is not None:
        return field if own is False else ""
    name = view.api.service_account
    stored = view.object("ServiceAccount", name) if name else None
    if dig(stored.body if stored else None, field) is False:
        return f"{field} of ServiceAccount {name}"
    return ""


def asked_audiences(view: PodView, container: str) -> set[str]:
    """The audiences that the container's tokens are asked for; empty text: the API server's own."""
    entry = view.container(container)
    return {
        text(projection, "serviceAccountToken", "audience")
        for volume in items(view.pod, "spec", "volumes")
        if entry is not None and entry.mounts(text(volume, "name"))
        for projection in items(volume, "projected", "sources")
        if dig(projection, "serviceAccountToken") is not None
    }
