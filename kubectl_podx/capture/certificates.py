"""Keys and certificates in PEM, and when they are valid: a reader of just so much DER. Pure."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from kubectl_podx.capture import hide_patterns as p
from kubectl_podx.model.clock import format_time
from kubectl_podx.model.patterns import lazy

_PEM = lazy(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]{1,65536}?)-----END",
    re.DOTALL,
)

_MOST = 200
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0


_PUBLIC = lazy(
    r"(?:\s*-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[A-Za-z0-9+/=\s]{1,65536}+"
    r"-----END \1-----)+\s*"
)


class Validity(Struct, frozen=True):
    """When all certificates of a file are valid, RFC 3339; None without any."""

    begin: str | None = None
    """The latest `notBefore`."""
    end: str | None = None
    """The earliest `notAfter`."""


def validity(value: bytes) -> Validity:
    """Of the PEM certificates in here."""
    if b"-----BEGIN" not in value:
        return Validity()
    begins, ends = [], []
    for index, match in enumerate(_PEM.finditer(value)):
        if index >= _MOST:
            break
        try:
            found = _validity(binascii.a2b_base64(match.group(1)))
        except (binascii.Error, ValueError, IndexError):
            continue
        if found is not None:
            begins.append(found[0])
            ends.append(found[1])
    return Validity(format_time(max(begins)), format_time(min(ends))) if ends else Validity()


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of the element at `at`."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(der[start : start + octets], "big")
        start += octets
    if start + length > len(der):
        raise ValueError
    return tag, start, start + length


def _validity(der: bytes) -> tuple[datetime, datetime] | None:
    # Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version, serial, signature, issuer,
    # validity SEQUENCE { notBefore, notAfter }, … } … }   (RFC 5280, 4.1)
    _, at, _ = _element(der, 0)
    _, at, _ = _element(der, at)
    tag, _, end = _element(der, at)
    if tag == _VERSION:
        at = end
    for _ in range(3):
        _, _, at = _element(der, at)
    tag, at, _ = _element(der, at)
    if tag != _SEQUENCE:
        return None
    not_before, at = _moment(der, at)
    not_after, _ = _moment(der, at)
    return not_before, not_after


def _moment(der: bytes, at: int) -> tuple[datetime, int]:
    """The time at `at`, and where it ends."""
    tag, start, end = _element(der, at)
    digits = der[start:end].decode("ascii", "replace")
    if tag == _UTC_TIME:
        year = int(digits[:2])
        digits = f"{2000 + year if year < 50 else 1900 + year}{digits[2:]}"
    elif tag != _GENERALIZED_TIME:
        raise ValueError
    # Not strptime: it brings a module that takes as long as all of this (5 ms).
    parts = (digits[0:4], *(digits[i : i + 2] for i in range(4, 14, 2)))
    if not digits[:14].isdecimal():
        raise ValueError
    year, month, day, hour, minute, second = map(int, parts)
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC), end


def all_public(text: str) -> bool:
    """Whether there is nothing in it but certificates, as in `kube-root-ca.crt`: no secret."""
    return _BEGIN in text and _PUBLIC.fullmatch(text) is not None


_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"

# Of what stands after the dashes of an end.
_LONGEST_KIND = 60


def without_pem(text: str, take: Callable[[str], str]) -> str:
    """The text with each block replaced by what `take` makes of it; also one that has no end."""
    if _BEGIN not in text:
        return text
    made: list[str] = []
    at = 0
    ends = True
    for begin in p.PEM.finditer(text):
        if begin.start() < at:
            continue
        end = text.find(_END, begin.end()) if ends else -1
        ends = end >= 0
        if ends and text.find(_BEGIN, begin.end(), end) < 0:
            close = text.find(_DASHES, end + len(_END), end + _LONGEST_KIND)
            stop = close + len(_DASHES) if close >= 0 else end + len(_END)
        else:
            rest = p.PEM_REST.match(text, begin.end())
            stop = rest.end() if rest else begin.end()
        made += [text[at : begin.start()], take(text[begin.end() : stop])]
        at = stop
    made.append(text[at:])
    return "".join(made)
