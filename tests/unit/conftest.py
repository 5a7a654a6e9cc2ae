"""What holds for every unit test: a report that is made anywhere is as its types, and so its
JSON Schema, say. msgspec checks no type when a report is built, only when one is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import settings

from kubectl_podx.analysis import analyse
from kubectl_podx.sections.report import PodReport

# How long an example takes tells how busy the machine is.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def _every_report_is_as_its_types_say() -> Iterator[None]:
    build = analyse.pod_report

    def checked(*args: Any, **options: Any) -> PodReport:
        report = build(*args, **options)
        assert msgspec.json.decode(msgspec.json.encode(report), type=PodReport) == report
        return report

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyse, "pod_report", checked)
        yield
