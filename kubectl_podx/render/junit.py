"""A report as JUnit XML: a suite for each subject, a test case for each check.

Findings of severity warning and critical are failures, an unknown verdict is an error, what could
not be checked is skipped. The elements and attributes are those that Jenkins' schema
(junit-10.xsd) and the Ant schema of Windy Road have in common, but for `skipped`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from kubectl_podx.generated import explain
from kubectl_podx.render.checks import Check, checks
from kubectl_podx.view.escape import clean

if TYPE_CHECKING:
    from kubectl_podx.render.checks import Checked

_LONGEST = 4000


def junit(document: Checked) -> str:
    """The XML, in UTF-8 with its declaration and a line end."""
    by_subject: dict[str, list[Check]] = {}
    for check in checks(document):
        by_subject.setdefault(check.subject, []).append(check)
    every = [check for found in by_subject.values() for check in found]
    suites = [
        _suite(at, subject, found, document.metadata.captured_at)
        for at, (subject, found) in enumerate(by_subject.items())
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="kubectl podx"'
    return f"{head} {_counts(every)}>\n{''.join(suites)}</testsuites>\n"


def _counts(found: Sequence[Check]) -> str:
    numbers = {
        "tests": len(found),
        "failures": sum(check.outcome == "failed" for check in found),
        "errors": sum(check.outcome == "undecided" for check in found),
    }
    return " ".join(f'{name}="{number}"' for name, number in numbers.items()) + ' time="0"'


def _suite(at: int, subject: str, found: Sequence[Check], captured_at: str) -> str:
    skipped = sum(check.outcome == "notChecked" for check in found)
    # The schema of Windy Road takes a time without its zone; all of ours are UTC.
    moment = clean(captured_at, 40).removesuffix("Z").partition(".")[0]
    stamp = f" timestamp={_attribute(moment)}" if moment else ""
    cases = "".join(_case(check) for check in found)
    return (
        f'  <testsuite id="{at}" name={_attribute(subject)} package="podx" hostname="podx"{stamp} '
        f'{_counts(found)} skipped="{skipped}">\n{cases}  </testsuite>\n'
    )


def _case(check: Check) -> str:
    known = explain.codes().get(check.rule)
    name = f"{check.rule} {known.title}" if known is not None else check.rule
    if check.rule in ("coverage", "difference"):
        name = f"{check.rule}: {check.title}"
    name += f" ({check.container})" if check.container else ""
    head = f"    <testcase classname={_attribute(check.subject)} name={_attribute(name)}"
    return f'{head} time="0">\n{_outcome(check)}    </testcase>\n'


def _outcome(check: Check) -> str:
    body = _text("\n".join(clean(line) for line in _lines(check)))
    message = _attribute(check.title)
    if check.outcome == "notChecked":
        return f"      <skipped message={message}/>\n"
    if check.outcome == "passed":
        return f"      <system-out>{body}</system-out>\n"
    tag = "failure" if check.outcome == "failed" else "error"
    return f"      <{tag} message={message} type={_attribute(check.severity)}>{body}</{tag}>\n"


def _lines(check: Check) -> list[str]:
    lines = [check.title, *check.details]
    lines += [f"line {check.line} of {check.file}"] if check.line else []
    lines += [f"next: {check.next}"] if check.next else []
    lines += [f"fix: {check.fix}"] if check.fix else []
    return lines


def _attribute(text: str) -> str:
    return quoteattr(clean(text))


def _text(text: str) -> str:
    return escape(text[:_LONGEST])
