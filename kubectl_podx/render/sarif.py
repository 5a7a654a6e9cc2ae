"""A report as SARIF 2.1.0, for code scanning: a result for each check, its rule, where it is.

SARIF is made for source files: the place of what a preflight finds is the line of its file. That of
any other result is the object of the API: a logical location,
and beside it a relative URI such as `shop/pod/web-0`, without which many readers show nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_podx import __version__
from kubectl_podx.generated import explain
from kubectl_podx.render.checks import COVERAGE, DIFFERENCE, START, VERDICT, Check, checks
from kubectl_podx.render.document import to_json
from kubectl_podx.view.escape import clean

if TYPE_CHECKING:
    from kubectl_podx.render.checks import Checked

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "warning": "warning", "info": "note"}
_OWN = {
    VERDICT: "The verdict on the pod or workload",
    DIFFERENCE: "A fact in which the compared pods differ",
    COVERAGE: "What could not be checked",
    START: "A pod would not start",
}


def sarif(document: Checked) -> str:
    """The SARIF log, as indented JSON with a line end."""
    found = checks(document)
    results = [check for check in found if check.outcome != "notChecked"]
    codes = list(dict.fromkeys(check.rule for check in results))
    places = {code: at for at, code in enumerate(codes)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "kubectl-podx",
                "version": document.metadata.podx_version or __version__,
                "rules": [_rule(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(found, document.metadata.captured_at)],
        "results": [_result(check, places) for check in results],
    }
    return to_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> dict[str, Any]:
    known = explain.codes().get(code)
    if known is None:
        kind, _, what = code.partition("/")
        words = f"{_OWN.get(kind, kind)}: {what}" if what else _OWN.get(code, code)
        return {"id": code, "shortDescription": {"text": words}}
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.meaning},
        "help": {"text": f"{known.remedy} How it is known: {known.known_by}"},
        "helpUri": known.link,
        "defaultConfiguration": {"level": _LEVELS.get(known.severity, "none")},
        "properties": {"section": known.section},
    }


def _invocation(found: Sequence[Check], captured_at: str) -> dict[str, Any]:
    """What could not be checked stands with the run: it is no result."""
    notes = [
        {
            "level": "warning",
            "message": {"text": clean(" ".join([check.title, *check.details]))},
            "locations": _locations(check),
        }
        for check in found
        if check.outcome == "notChecked"
    ]
    made: dict[str, Any] = {"executionSuccessful": True}
    if captured_at:
        made["endTimeUtc"] = clean(captured_at, 40)
    if notes:
        made["toolExecutionNotifications"] = notes
    return made


def _result(check: Check, places: dict[str, int]) -> dict[str, Any]:
    lines = [check.title, *check.details]
    lines += [f"next: {check.next}"] if check.next else []
    lines += [f"fix: {check.fix}"] if check.fix else []
    failed = check.outcome == "failed" or check.severity == "info"
    kind = "fail" if failed else "open" if check.outcome == "undecided" else "pass"
    return {
        "ruleId": check.rule,
        "ruleIndex": places[check.rule],
        "kind": kind,
        "level": _LEVELS.get(check.severity, "none") if kind == "fail" else "none",
        "message": {"text": "\n".join(clean(line) for line in lines)},
        "locations": _locations(check),
        "partialFingerprints": {"podxCheck/v1": _fingerprint(check)},
        "properties": {"severity": check.severity},
    }


def _locations(check: Check) -> list[dict[str, Any]]:
    kind, _, rest = check.subject.partition("/")
    name = clean(f"{check.subject}/{check.container}" if check.container else check.subject, 500)
    namespace, slash, own = rest.partition("/")
    path = f"{namespace}/{kind}/{own}" if slash else check.subject
    # Standard input has no name that a reader could open.
    path = check.file if check.file not in ("", "-") else path
    return [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": quote(clean(path, 500))},
                "region": {"startLine": max(check.line, 1)},
            },
            "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}],
        }
    ]


def _fingerprint(check: Check) -> str:
    """The same for the same trouble in the next run: its numbers, such as counts, are left out."""
    what = re.sub(r"[0-9]+", "#", check.title)
    name = f"{check.subject}\n{check.container}\n{check.rule}\n{what}"
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
