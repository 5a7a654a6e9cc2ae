"""Names that are offered where the one that was typed is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_podx.capture.nearby import suggestions
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer


class Names:
    """A server that knows only names; a kind that it does not list may not be listed."""

    def __init__(self, **listed: list[str] | bytes) -> None:
        self.listed = listed

    def get(self, path: str, *_: Any, accept: str, **__: Any) -> Answer:
        assert "PartialObjectMetadataList" in accept
        found = self.listed.get(path.rpartition("/")[2])
        if found is None:
            raise ClusterError("denied", "Error from server (Forbidden): …")
        if isinstance(found, bytes):
            return Answer(200, found, None)
        body = {"items": [{"metadata": {"name": name}} for name in found]}
        return Answer(200, json.dumps(body).encode(), None)


def offered(word: str, **listed: list[str] | bytes) -> list[str]:
    return suggestions(Names(**listed), [word], "shop")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # The very name, of another kind.
        ("web", ["deploy/web"]),
        ("pod/web", ["deploy/web"]),
        ("webb", ["deploy/web"]),
        ("deploy/databse", ["sts/database"]),
        ("web-5f", ["web-5f-x2", "deploy/web"]),
        ("nothing-of-that-kind", []),
    ],
)
def test_what_is_offered(word: str, expected: list[str]) -> None:
    listed = {"deployments": ["web"], "statefulsets": ["database"], "pods": ["web-5f-x2"]}
    assert offered(word, **listed) == expected


def test_the_workload_comes_before_a_service_of_its_name() -> None:
    assert offered("web", deployments=["web"], services=["web"]) == ["deploy/web"]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"items": 1}', b"[" * 100_000])
def test_an_answer_that_is_none_offers_nothing(body: bytes) -> None:
    assert offered("web", deployments=body, pods=["web-0"]) == ["web-0"]
