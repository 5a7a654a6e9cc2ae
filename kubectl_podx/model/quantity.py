"""Kubernetes quantities (`250m`, `64Mi`, `1e3`) as exact numbers (`resource.Quantity`)."""

from __future__ import annotations

import re
from fractions import Fraction

_QUANTITY = re.compile(
    r"([+-]?)(\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})([EPTGMK]i|[numkMGTPE]|[eE][+-]?\d{1,2})?"
)
_BINARY = {
    suffix: 1024**power for power, suffix in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))
}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def parse_quantity(text: object) -> Fraction | None:
    """The number that a quantity stands for; None for what is none.

    JSON numbers are taken too: a manifest may say `cpu: 1`.
    """
    if isinstance(text, bool):
        return None
    if isinstance(text, int | float):
        text = str(text)
    match = _QUANTITY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    sign, digits, suffix = match.groups()
    value = Fraction(f"0{digits}" if digits.startswith(".") else digits.removesuffix("."))
    suffix = suffix or ""
    if suffix in _BINARY:
        value *= _BINARY[suffix]
    elif suffix in _DECIMAL:
        value *= Fraction(10) ** _DECIMAL[suffix]
    else:
        value *= Fraction(10) ** int(suffix[1:])
    return -value if sign == "-" else value


def in_units(text: object, divisor: object) -> int | None:
    """A resource as `resourceFieldRef` gives it: divided by the divisor (default 1), rounded up.

    pkg/api/v1/resource/helpers.go: 250m CPU is 1, and 250 with the divisor 1m. The API server
    writes an absent divisor as `0`.
    """
    value = parse_quantity(text)
    unit = parse_quantity(divisor) if divisor not in (None, "") else Fraction(1)
    if value is None or unit is None:
        return None
    quotient = value / (unit or 1)
    return -((-quotient.numerator) // quotient.denominator)
