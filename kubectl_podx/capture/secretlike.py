"""Which names and values look like secrets although nothing declares them as such.

A miss shows a password, a false alarm shows `<hidden>`: so the rules lean to hiding. What they
cannot recognise stands in docs/SECURITY.md.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

HIDDEN = "<hidden>"

_NAME = re.compile(
    r"passw(?:or)?d|passphrase|passcode|(?:(?<![a-z])|db|my|root|user|admin)pass(?:$|[^a-z])|pwd|secret|token|credential|api[-_.]?key"
    r"|access[-_.]?key|private[-_.]?key|encryption[-_.]?key|signing[-_.]?key|master[-_.]?key"
    r"|license[-_.]?key|[-_.]key$|^key$|auth(?!or(?!i[sz]))|bearer|cookie|session|jwt|saml|salt|pepper"
    r"|hmac|signature|dsn|conn(?:ection)?[-_.]?str|(?:database|db|redis|mongo|amqp|sentry|jdbc)"
    r"[-_.]?(?:url|uri)|cert|pem|keystore|kubeconfig|webhook|otp|pin$",
    re.IGNORECASE,
)
_LONGEST_KNOWN = 100
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Whoever writes a log chooses what is matched here: each pattern that runs over a whole word begins
# where a word begins, so that the time grows with the length and not with its square.
_VALUE = re.compile(
    r"-----BEGIN [A-Z0-9 ]+-----"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\."  # a JWT's header
    r"|://[^/\s:@]*:[^/\s@]+@"  # user:password@host
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|\b(?:gh[pousr]|github_pat|glpat|xox[abprs]|sk|pk|rk|hvs|npm|pypi|dop_v1|SG)[-_.][\w-]{10,}"
    r"|\bAIza[\w-]{30,}"
    r"|\b(?:Basic|Bearer)\s+[\w.~+/=-]{6,}"
    r"|(?i:(?<![\w/.-])(?:password|passwd|pwd|secret|token|api[-_]?key)\b\s*[=:]\s*(?!<hidden>)\S+)"
)
# Without any of these an ASCII text cannot match _VALUE. To look for plain words first makes half a
# megabyte of configuration take 6 ms and not 60.
_HINTS = ("-----BEGIN ", "eyJ", "://", "AKIA", "ASIA", "AIza", "Basic", "Bearer")
_LOWER_HINTS = ("passw", "pwd", "secret", "token", "api")
_PREFIXED = re.compile(r"[-_.][\w-]{10}")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_ASSIGNMENT = re.compile(
    # `/etc/passwd: not a directory` names a file, no secret.
    r"(?<![\w/.-])(?P<name>[\w.-]{2,64})(?P<sign>=|:\s?)(?P<value>'[^']*'|\"[^\"]*\"|[^\s'\"]+)"
)
_FLAG_AND_WORD = re.compile(
    r"(?<![\w.-])(?P<flag>--?(?P<name>[A-Za-z][\w.-]*))(?P<gap>\s+)(?P<value>[^\s-]\S*)"
)
_FLAG = re.compile(r"--?(?P<name>[A-Za-z][\w.-]*)(?P<rest>=.*)?", re.DOTALL)
# Options whose next word is a secret though their name is one letter: curl -u, redis-cli -a.
_SECRET_SHORT_FLAGS = frozenset({"-p", "-a", "-u", "-W"})
_SHORT_FLAG_TOOLS = frozenset(
    {"curl", "redis-cli", "mysql", "mysqladmin", "mongo", "mongosh", "wget"}
)


def secret_name(name: str) -> bool:
    """Whether a variable, key, flag or header of this name usually holds a secret."""
    return _secret_name_known(name) if len(name) <= _LONGEST_KNOWN else _secret_name(name)


def _secret_name(name: str) -> bool:
    return bool(_NAME.search(name) or _NAME.search(_CAMEL.sub("_", name)))


_secret_name_known = lru_cache(maxsize=2048)(_secret_name)


def secret_value(value: str) -> bool:
    """Whether a value looks like a secret by itself: a key, a token, a URL with a password."""
    return bool(may_match(value) and _VALUE.search(value)) or any(
        _looks_random(match.group()) for match in _RANDOM.finditer(value)
    )


def may_match(value: str) -> bool:
    """Whether it is worth while to search the text for a secret value's pattern."""
    if not value.isascii() or any(hint in value for hint in _HINTS):
        return True
    lower = value.lower()
    return any(hint in lower for hint in _LOWER_HINTS) or bool(_PREFIXED.search(value))


def _looks_random(word: str) -> bool:
    """Letters of both cases and digits, mixed as no path, name or digest mixes them."""
    classes = sum(
        (
            any(c.islower() for c in word),
            any(c.isupper() for c in word),
            any(c.isdigit() for c in word),
        )
    )
    if classes < 3 or len(set(word)) < 10:
        return False
    changes = sum(_kind(a) != _kind(b) for a, b in itertools.pairwise(word))
    return changes * 3 >= len(word)


def _kind(char: str) -> int:
    return 0 if char.islower() else 1 if char.isupper() else 2 if char.isdigit() else 3


def hide_literal(name: str, value: str) -> str:
    """A declared literal, or `<hidden>` where its name or value is secret-like."""
    return HIDDEN if value and (secret_name(name) or secret_value(value)) else value


def hide_words(words: list[str]) -> list[str]:
    """An argument list (command, args, probe, hook) with its secret-like words hidden."""
    shown: list[str] = []
    hide_next = False
    short_flags = any(word.rpartition("/")[2] in _SHORT_FLAG_TOOLS for word in words[:1])
    for word in words:
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
        shown.append(hide_text(word))
    return shown


def hide_text(text: str) -> str:
    """Free text (a shell line, a message) with `NAME=value` of secret names and tokens hidden."""

    def assignment(match: re.Match[str]) -> str:
        if secret_name(match.group("name")) or secret_value(match.group("value")):
            return f"{match.group('name')}{match.group('sign')}{HIDDEN}"
        return match.group()

    def flag(match: re.Match[str]) -> str:
        if secret_name(match.group("name")):
            return f"{match.group('flag')}{match.group('gap')}{HIDDEN}"
        return match.group()

    hidden = _FLAG_AND_WORD.sub(flag, _ASSIGNMENT.sub(assignment, text))
    hidden = _VALUE.sub(HIDDEN, hidden)
    return _RANDOM.sub(lambda m: HIDDEN if _looks_random(m.group()) else m.group(), hidden)
