"""Whether a document is as the shipped JSON Schema says: for tests of any kind."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema

from e2e.support import ROOT


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Of `kubectl_podx/generated/schema.json`, which `make docs` makes of the types."""
    text = (ROOT / "kubectl_podx/generated/schema.json").read_text()
    return jsonschema.Draft202012Validator(json.loads(text))


def check(document: Any) -> Any:
    """The document itself, a PodReport or a PodReportList; the test fails where it is no such."""
    error = jsonschema.exceptions.best_match(validator().iter_errors(document))
    assert error is None, f"{error.json_path}: {error.message}"
    return document
