"""A pull secret that is not there: which namespaces have one of that name, and nothing of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit import absent, case, container, pod, status, view, waiting
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.planned import names_elsewhere
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.store import Store
from kubectl_podx.model.capture import CallState, StoredList
from kubectl_podx.sections.images import facts
from kubectl_podx.sections.images.rules import pull_secret_missing

CALL = names_elsewhere("Secret", "regcred", ("images",))
KEY = "names Secret//regcred"


def kept(answer: Any, state: CallState = "ok") -> StoredList:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    store = Store(Sealer())
    store.seal({CALL.id: Outcome(CALL, state, answer=body)})
    return store.lists[KEY]


def named(namespace: str) -> dict[str, Any]:
    return {"metadata": {"name": "regcred", "namespace": namespace}}


def test_names_alone_are_kept() -> None:
    secret = {**named("infra"), "data": {".dockerconfigjson": "c2VjcmV0"}, "type": "x"}
    secret["metadata"]["annotations"] = {"note": "s3cr3t"}
    found = kept({"kind": "PartialObjectMetadataList", "items": [secret]})
    assert found.items == [named("infra")]
    assert found.state == "present"


@pytest.mark.parametrize("answer", [b"", b"{", b"[1]", {"items": [1]}, {"items": "x"}])
def test_an_answer_that_is_none_is_a_failure(answer: Any) -> None:
    assert kept(answer).state == "failed"
    assert kept(b"", "denied").state == "denied"


def said(elsewhere: Any) -> list[str]:
    troubled = container(status=status(waiting("ImagePullBackOff")))
    body = pod(troubled, imagePullSecrets=[{"name": "regcred"}])
    lists = {} if elsewhere is None else {KEY: elsewhere}
    seen = view(body, absent("Secret/shop/regcred"), lists=lists)
    (hit,) = pull_secret_missing(case(seen, images=facts.build(seen)))
    return list(hit.evidence)


def test_where_one_is_and_that_it_does_not_count() -> None:
    assert "namespace infra has a Secret of that name" in said([named("infra")])[1]
    many = [named(f"n{at}") for at in range(5)]
    assert "namespaces n0, n1, n2 and 2 more have" in said(many)[1]
    assert said([])[1] == "no namespace has a Secret of that name"


@pytest.mark.parametrize("elsewhere", [None, "denied"])
def test_what_could_not_be_listed_is_not_said_to_be_nowhere(elsewhere: Any) -> None:
    assert said(elsewhere)[1] == "a pull secret of another namespace does not count"


def test_it_is_no_part_of_the_least_role() -> None:
    assert CALL.optional_right
    assert str(CALL.right) == "list secrets"
    assert dict(CALL.query)["fieldSelector"] == "metadata.name=regcred"
