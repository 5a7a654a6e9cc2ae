"""Whether a pod is in trouble; only then `rules.ends` reads what its containers said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_podx.rules.rule import Case

if TYPE_CHECKING:
    from kubectl_podx.rules.ends import Ending


def in_trouble(case: Case) -> bool:
    """Whether anything of the pod may have a reason to look for."""
    ended = any(row.cause or row.reason for row in case.report.restarts or ())
    killed = any(one.resources.oom_kills for one in case.report.containers or ())
    entries = (entry for entry in case.view.containers if entry.kind != "ephemeral")
    return ended or killed or any(not entry.ready for entry in entries)


def endings(case: Case) -> list[Ending]:
    """`rules.ends.endings`, of a pod in trouble; of any other one there are none."""
    if not in_trouble(case):
        return []
    from kubectl_podx.rules import ends  # noqa: PLC0415

    return ends.endings(case)
