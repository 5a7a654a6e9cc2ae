"""Says how many inputs were made up, where `make fuzz` asked for many."""

from __future__ import annotations

import os
from typing import Any

from kit.fuzzed import GENERATED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if "PODX_FUZZ" in os.environ and GENERATED:
        for name, count in GENERATED.items():
            terminalreporter.write_line(f"{count:>8}  {name}")
        terminalreporter.write_line(f"{sum(GENERATED.values()):>8}  inputs in all")
