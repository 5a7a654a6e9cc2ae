"""Which names and values look like secrets although nothing declares them as such.

A miss shows a password, a false alarm shows `<hidden>`: so the rules lean to hiding. What they
cannot recognise stands in docs/SECURITY.md.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kubectl_podx.capture.candidate import Place, is_secret, name_kind
from kubectl_podx.capture.hidetext import HIDDEN, has_secret, hide_text, secret_parts
from kubectl_podx.capture.secretwords import small, words
from kubectl_podx.model.patterns import lazy

__all__ = [
    "HIDDEN",
    "hide_literal",
    "hide_text",
    "hide_words",
    "secret_literal_parts",
    "secret_name",
    "secret_parts",
    "secret_value",
]

# For names in small letters.
_NAME = lazy(
    r"passw(?:or)?d|passphrase|passcode|(?:(?<![a-z])|db|my|root|user|admin)pass(?:$|[^a-z])|pwd|(?<![a-z])pw(?![a-z])|sessid|secret|token|credential|api[-_.]?key"
    r"|access[-_.]?key|private[-_.]?key|encryption[-_.]?key|signing[-_.]?key|master[-_.]?key"
    r"|license[-_.]?key|[-_.]key$|^key$|auth(?!or(?!i[sz]))|bearer|cookie|session|jwt|saml|salt|pepper"
    r"|hmac|signature|dsn|conn(?:ection)?[-_.]?str|(?:database|db|redis|mongo|amqp|sentry|jdbc)"
    r"[-_.]?(?:url|uri)|cert|pem|keystore|kubeconfig|webhook|otp|pin$",
)
_LONGEST_KNOWN = 100
_CAMEL = lazy(r"(?<=[a-z0-9])(?=[A-Z])")

_FLAG = lazy(r"--?(?P<name>[A-Za-z][\w.-]*)(?P<rest>=.*)?", re.DOTALL)
# Options whose next word is a secret though their name is one letter: curl -u, redis-cli -a.
_SECRET_SHORT_FLAGS = frozenset({"-p", "-a", "-u", "-W"})
_SHORT_FLAG_TOOLS = words("""
curl keydb-cli mariadb mariadb-admin mongo mongodump mongosh mysql mysqladmin mysqldump redis-cli
sshpass valkey-cli wget
""")
_GLUED_FLAG = lazy(r"(-[pa])([^=].{2,})", re.DOTALL)


def secret_name(name: str) -> bool:
    """Whether a variable, key, flag or header of this name usually holds a secret."""
    return _secret_name_known(name) if len(name) <= _LONGEST_KNOWN else _secret_name(name)


def _secret_name(name: str) -> bool:
    return bool(_NAME.search(small(name)) or _NAME.search(small(_CAMEL.sub("_", name))))


_secret_name_known = lru_cache(maxsize=2048)(_secret_name)


def secret_value(value: str) -> bool:
    """Whether a value looks like a secret by itself: a key, a token, a URL with a password."""
    return has_secret(value)


def hide_literal(name: str, value: str) -> str:
    """A declared literal, or `<hidden>` where its name or value is secret-like."""
    return HIDDEN if value and (secret_name(name) or secret_value(value)) else value


def secret_literal_parts(name: str, value: str) -> list[str]:
    """What of a hidden literal is secret: all of it, or the passwords that stand in it.

    `AUTH_MODE=kerberos` is not shown, but to hide `kerberos` in every log would hide its causes.
    """
    if secret_name(name):
        kind = name_kind(name) or "weak"
        if is_secret(kind, name, value.strip(), Place(assigned=True)):
            return [value, *secret_parts(value)]
    return secret_parts(value)


def hide_words(arguments: list[str]) -> list[str]:
    """An argument list (command, args, probe, hook) with its secret-like words hidden."""
    shown: list[str] = []
    hide_next = False
    short_flags = any(word.rpartition("/")[2] in _SHORT_FLAG_TOOLS for word in arguments[:3])
    for word in arguments:
        if hide_next and not word.startswith("-"):
            shown.append(HIDDEN)
            hide_next = False
            continue
        flag = _FLAG.fullmatch(word)
        if flag and flag.group("rest") and secret_name(flag.group("name")):
            shown.append(f"{word.partition('=')[0]}={HIDDEN}")
            hide_next = False
            continue
        hide_next = (flag is not None and secret_name(flag.group("name"))) or (
            short_flags and word in _SECRET_SHORT_FLAGS
        )
        glued = _GLUED_FLAG.fullmatch(word) if short_flags else None
        shown.append(f"{glued[1]}{HIDDEN}" if glued else hide_text(word))
    return shown
