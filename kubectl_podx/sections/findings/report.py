"""The type of this section stands in model/parts.py, as every rule makes one."""

from __future__ import annotations

from kubectl_podx.model.parts import WORKED_OUT

ORIGINS: dict[str, str] = {
    "": f"{WORKED_OUT} by the rules of docs/FINDINGS.md",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
