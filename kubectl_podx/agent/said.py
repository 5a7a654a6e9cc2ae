"""What a tool says: the answer as data within its budget, and as text for a model."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from kubectl_podx.agent.answers import Answer, LeftOut, Trusted, Untrusted
from kubectl_podx.agent.bounds import bounded
from kubectl_podx.agent.fence import fenced


class Said(Struct, frozen=True):
    """What a tool has to say: the answer as data, and as text for a model."""

    answer: Answer
    text: str


def said(
    told: Trusted,
    data: Any,
    kind: str,
    tokens: int,
    *,
    lines: list[str],
    capture: str = "",
    ask: str = "",
) -> Said:
    """The answer within its budget, and its text: what podx says, then the fenced data."""
    fits = bounded(data, tokens)
    more = f"{ask} with capture={capture}" if ask and capture else "a larger max_tokens"
    answer = Answer(
        podx=told,
        untrusted=Untrusted(kind=kind, data=fits.document),
        left_out=[LeftOut(what=c.path, kept=c.kept, of=c.of, ask=more) for c in fits.cuts],
        capture=capture,
    )
    return Said(answer, text_of(answer, fenced(lines)))


_MOST_NAMED = 4
_DOUBT = "other causes are not excluded"


def text_of(answer: Answer, data: str) -> str:
    """What podx itself says, line by line, above the fence."""
    told = answer.podx
    head = f"podx: {(told.severity or 'done').upper()}"
    if told.codes:
        head += f" {' '.join(told.codes[:6])}"
    lines = [head]
    lines += [f"cause: {cause.cause}, {cause.confidence or 'unknown'}" for cause in told.causes[:3]]
    for each in told.findings[:4]:
        doubt = "" if each.proven else f" ({_DOUBT if each.code else 'likely'})"
        lines.append(f"{each.severity} {each.code}".rstrip() + f": {each.title}{doubt}")
        lines += [f"  next: {each.next}"] if each.next else []
        lines += [f"  fix: {each.fix}"] if each.fix else []
    for gap in told.not_checked[:4]:
        needs = f", needs {gap.needs}" if gap.needs else ""
        several = gap.sections
        named = ", ".join(several[:_MOST_NAMED])
        more = f" and {len(several) - _MOST_NAMED} more" if len(several) > _MOST_NAMED else ""
        lines.append(f"not checked: {named}{more} ({gap.state}{needs})")
    lines += [f"{name}: {number}" for name, number in told.counts.items()]
    lines += told.notes
    lines += [
        f"left out: {each.of - each.kept} of {each.of} in {each.what}; ask {each.ask}"
        for each in answer.left_out[:6]
    ]
    if answer.capture:
        lines.append(f"capture: {answer.capture}")
    return "\n".join([*lines, "", data])


def json_lines(document: Any) -> str:
    """Each of its rows as a line of JSON, with a line end."""
    from kubectl_podx.render.document import to_json_line  # noqa: PLC0415

    rows = document.get("rows", [])
    return "".join(to_json_line(row) for row in rows) or "(no rows)\n"
