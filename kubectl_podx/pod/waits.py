"""Whom a command waits for: the hosts and ports that its words ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import dig
from kubectl_podx.pod.pod import ContainerEntry, listed

_HOST = r"([A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)"
_OPTIONS = r"(?:\s+-{1,2}[\w-]+(?:[= ]\d+)?)*"
_ASKS = tuple(
    lazy(pattern)
    for pattern in (
        rf"\b(?:nc|ncat|netcat|telnet){_OPTIONS}\s+['\"]?{_HOST}['\"]?\s+['\"]?(\d{{1,5}})\b",
        rf"\bwait-?for(?:-it)?(?:\.sh)?{_OPTIONS}\s+['\"]?{_HOST}:(\d{{1,5}})\b",
        rf"/dev/(?:tcp|udp)/{_HOST}/(\d{{1,5}})\b",
        rf"\b[a-z][a-z0-9+.-]{{1,15}}://(?:[^@\s/'\"]{{1,200}}@)?{_HOST}(?::(\d{{1,5}}))?",
        (
            rf"\b(?:nslookup|getent\s+a?hosts(?:v[46])?|host|dig|ping6?|resolvectl\s+query)"
            rf"{_OPTIONS}\s+['\"]?{_HOST}()"
        ),
        (
            rf"\b(?:pg_isready|psql|mysql|mysqladmin|mariadb-admin|redis-cli|mongosh?|rabbitmqctl)\b"
            rf"[^;|&\n]{{0,200}}?\s(?:-h\s*|--host(?:name)?[= ])['\"]?{_HOST}['\"]?"
            rf"(?:[^;|&\n]{{0,80}}?\s(?:-[pP]\s*|--port[= ])(\d{{1,5}}))?"
        ),
    )
)
_REFERENCE = lazy(r"\$(?:\((\w+)\)|\{(\w+)\}|(\w+))")
_NO_HOST = lazy(r"\d+|true|false|localhost\.localdomain")


class Target(Struct, frozen=True):
    """Somebody who is asked."""

    host: str
    port: int | None = None


_WAITS = lazy(rf"(?i)\bwait(?:ing|s|ed)?\b.{{0,60}}?\b{_HOST}:(\d{{1,5}})\b")


def targets(entry: ContainerEntry, values: Mapping[str, str]) -> list[Target]:
    """Whom command and args ask, in their order; `values` are the container's variables."""
    return _targets(" ".join(word for _, word in entry.words), values)


def probe_targets(entry: ContainerEntry, kind: str, values: Mapping[str, str]) -> list[Target]:
    """Whom the command of an exec probe asks."""
    command = dig(entry.spec, f"{kind}Probe", "exec")
    return _targets(" ".join(listed(command or {}, "command")), values)


def waited_for(line: str) -> Target | None:
    """Whom a program says that it waits for: `waiting for db:5432`."""
    found = _WAITS.search(line)
    return Target(found[1], int(found[2])) if found and not _NO_HOST.fullmatch(found[1]) else None


def _targets(script: str, values: Mapping[str, str]) -> list[Target]:
    def value(found: re.Match[str]) -> str:
        name = next(group for group in found.groups() if group)
        return values.get(name) or found.group()

    return list(dict.fromkeys(_asked(_REFERENCE.sub(value, script))))


def _asked(script: str) -> Iterator[Target]:
    found = [one for pattern in _ASKS for one in pattern.finditer(script)]
    for one in sorted(found, key=lambda match: match.start()):
        host, port = one[1], one[2]
        if not _NO_HOST.fullmatch(host):
            yield Target(host, int(port) if port else None)
