"""Whether what stands after `password=`, `token:` or `session=` is a secret or a word of a message.

A name is `password`, `strong` (a token, a key), `weak` (a session, a certificate) or nothing. The
less a name says, the more the value itself must look like a secret.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from kubectl_podx.capture.secretwords import (
    NOTHING,
    POPULAR,
    STATES,
    WORDS,
    all_words,
    is_word,
    small,
    words,
)
from kubectl_podx.model.patterns import lazy

NameKind = Literal["", "weak", "strong", "password"]


class Place(Struct, frozen=True):
    """Where a value stands."""

    assigned: bool
    """After `=`, `=>`, in JSON or XML: not after a colon of a sentence or of YAML."""
    quoted: bool = False
    prose_before: bool = False
    """A word stands before the name: `error reading secret: …`."""
    next_word: str = ""
    """What follows the value in its line."""


# For names in small letters.
_PASSWORD = lazy(
    r"passw|passphrase|passcode|(?:(?<![a-z])|db|my|root|user|admin|store|key|requires?)pass(?:$|[^a-z])"
    r"|pwd|(?<![a-z])(?:masterauth|pw)(?![a-z])",
)
_STRONG = lazy(
    r"secret|token|credential|(?:api|access|private|encrypt(?:ion)?|sign(?:ing)?|master|licen[sc]e"
    r"|account|shared|secret|storage|service|client|auth|app|deploy|webhook|admin|subscription)[-_.]?key(?:$|[^a-z])"
    r"|[a-z0-9][-_.]key$|authorization|bearer|jwt|conn(?:ection)?[-_.]?str|dsn|hmac"
    r"|(?<![a-z])(?:salt|pepper|otp|pin|sig|sas)$|^x-amz-signature",
)
_WEAK = lazy(
    r"auth(?!or(?!i[sz]))|cookie|sess(?:ion|id)|(?<![a-z])sid$|saml|salt|pepper|signature|^key$|cert|(?<![a-z])pem|keystore"
    r"|kubeconfig|webhook|otp|pin$|(?:database|db|redis|mongo|amqp|sentry|jdbc)[-_.]?(?:url|uri)",
)
_PLURAL = lazy(r"(?:secrets|tokens|keys|certs|certificates|sessions|webhooks)$")
_CAMEL = lazy(r"(?<=[a-z0-9])(?=[A-Z])")
_LAST_PART = lazy(r"[-_.]")
# `token_ttl`, `secretName`, `password-file`, `auth.go`: what a name ends with says that the value
# is about the secret and not the secret.
_ABOUT = words("""
age alg algorithm at attempts audience backend bytes c cc class column config controller count cpp
cs cxx date dir directory disabled driver duration enabled endpoint erl err error ex exp
expiration expire expires expiry exs field fields file files folder format generation go h header
host hpp html index interval issuer java js jsx kind kt label len length level lifetime limit lua
manager max message method methods min mode modes mount msg name names namespace offset option
options path paths period php pl policies policy port prefix protocol provider py rb realm reason
ref request requests required response retries review reviews rotation rs scala scheme scopes
seconds selector settings sh size source sql state status store strategy suffix swift time timeout
ts tsx ttl type types uri url usage valid version
""")

_MASK = lazy(
    r"[*]{2,}|[xX*\u2022.#_?-]{3,}|<[a-zA-Z/][\w .:-]*>|\[[A-Z_ -]+\]|\(\w+\)|&lt;\w+&gt;"
    r"|\{[A-Za-z_]+\}"
)
_RELATIVE = lazy(r"(?:~|\.{1,2})/[\w./-]+")
_REFERENCE = lazy(
    r"\$[A-Z_][A-Z0-9_]*|\$\([\w.-]+\)|\$\{\{?[^{}]*\}?\}|\{\{[^{}]*\}\}|%[-+#]?\d*[svdqrxT]"
)
_NUMBER = lazy(r"[-+]?\d[\d,]*(?:\.\d+)?%?")
_TIME = lazy(
    r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:[ap]m)?|\d{4}[-/]\d\d[-/]\d\d(?:[T_]\d\d:?\d\d\S{0,24})?"
    r"|(?:\d+(?:\.\d+)?(?:ns|us|\u00b5s|ms|s|m|h|d|w|min|sec))+|\d+(?:\.\d+)?(?:[KMGT]i?B?|k?B|b|bits?|bytes)",
)
_ADDRESS = lazy(
    r"\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]+\]?(?::\d+)?|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/\d+)?"
    r"|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/[\w./-]*)?|localhost(?::\d+)?|[a-z][a-z-]*:\d{2,5}"
)
_PATH = lazy(r"(?:[A-Za-z]:)?(?:~|\.{1,2})?[/\\][\w.@+-]+(?:[/\\][\w.@+=-]*)+:?")
_URL = lazy(r"[\"']?[a-z][a-z0-9+.-]*://[^\s@]*")
_FILE = lazy(
    r"[\w./-]+\.(?:pem|crt|key|cer|der|p12|jks|json|ya?ml|conf|cfg|ini|toml|txt|log|go|py|java|js|ts|"
    r"rb|rs|sock|lock|xml|html?|db|sh|env)(?::\d+)*"
)
_VERSION = lazy(r"v\d+(?:(?:alpha|beta)\d+)?(?:\.\d+)*(?:-\w+)?")
_OBJECT = lazy(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(?:/[a-z0-9.-]+)?")
_LABEL = lazy(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_PLAIN_LETTERS = lazy(r"[A-Za-z]+")
_INNER = lazy(r"[A-Za-z][\w.-]*=[^=]")
_IDENTIFIER = lazy(r"[A-Za-z]?[a-z]{2,}(?:[A-Z][a-z]{2,})+")
_LINE = lazy(r"[\w./-]+\.(?:go|py|java|js|ts|rb|rs|c|cc|cpp|php|cs|kt|scala|ex):\d+(?::\d+)?\]?:?")
_HEX = lazy(r"(?:0x)?[0-9a-fA-F]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANONYMOUS = words("""
anonymous basic bearer digest jwt kerberos kubernetes ldap negotiate oauth oauth2 oidc opaque saml
serviceaccount vault webhook
""")
_LOWER, _UPPER, _DIGIT = lazy("[a-z]"), lazy("[A-Z]"), lazy("[0-9]")
_RUNS = lazy(r"[A-Za-z0-9]+")
_SMALL_LETTERS = lazy(r"[a-z]+")
_STANDARD = lazy(r"[A-Z]{2,5}[#-]?\d{1,4}(?:\.\d)?")
_NOUNS = words("user service server system client database key token")
_SPECIAL_VALUE = lazy(r"dsn|conn(?:ection)?[-_.]?str", re.IGNORECASE)


def name_kind(name: str) -> NameKind:
    """What a name before `=` or `:` says of the value after it."""
    return _known_kind(name) if len(name) <= 100 else ""


@lru_cache(maxsize=4096)
def _known_kind(name: str) -> NameKind:
    name = name.strip("-_.")
    # `DB_PASSWORD`, `dbPassword`, `DBPassword` alike.
    written = small(name if "_" in name or name.isupper() else _CAMEL.sub("_", name))
    if not (_PASSWORD.search(written) or _STRONG.search(written) or _WEAK.search(written)):
        return ""
    parts = [part for part in _LAST_PART.split(written) if part]
    if len(parts) > 1 and parts[-1] in _ABOUT:
        return ""
    if _PASSWORD.search(written):
        return "password"
    if _PLURAL.search(written):
        return "weak"
    # `secrets-not-from-env-vars` is a rule's name, `TOKEN_OF_APP` a token's.
    if len(parts) > 3 and not _STRONG.search("_".join(parts[-3:])):
        return "weak"
    return "strong" if _STRONG.search(written) else "weak"


def is_mixed(value: str) -> bool:
    """A word of letters and digits that is no name of an object, no time, no version, no place."""
    bare = value.rstrip(".,;:!?)")
    return (
        _mixed(bare)
        and len(bare) >= 8
        and not (_is_harmless_form(bare) or _FILE.fullmatch(bare) or _VERSION.fullmatch(bare))
        and not re.search(r"[/=<>()]", bare)
        and not (_LABEL.fullmatch(bare) and re.search(r"[a-z][.-]", bare))
        and not all_words(bare)
    )


def is_nothing(value: str) -> bool:
    """Whether it is empty, a mask, `null`, or a reference to a variable."""
    bare = value.strip("\"'` ")
    return (
        not bare
        or bare.lower() in NOTHING
        or bool(_MASK.fullmatch(bare) or _REFERENCE.fullmatch(bare))
    )


def is_secret(kind: NameKind, name: str, value: str, place: Place) -> bool:
    """Whether the value after a name of this kind is to be hidden."""
    if is_nothing(value):
        return False
    if kind == "password":
        return _is_password(name, value, place)
    if not place.assigned and not place.quoted and _INNER.match(value):
        # `webhook: certDir=/tmp`: the inner name is judged by itself.
        return False
    if kind == "strong":
        return _is_token(name, value, place)
    return _is_session(name, value, place)


def _is_password(name: str, value: str, place: Place) -> bool:
    if _is_place(value) or _LINE.fullmatch(value):
        return False
    if name.lower() in ("pwd", "oldpwd") and value.startswith("/"):
        return False
    if place.assigned or place.quoted:
        return value.lower() not in STATES
    bare = value.rstrip(".,;:!?)")
    if bare.lower() in POPULAR:
        noun = place.prose_before or bare.lower() in _NOUNS
        return not (noun and _is_message_word(place.next_word))
    if all_words(bare) and _PLAIN_LETTERS.fullmatch(bare) and _is_message_word(place.next_word):
        # `previously used`, with the ending of an English word.
        return False
    if value.endswith(":") and _LABEL.fullmatch(bare) and place.prose_before and not _mixed(bare):
        return False
    return not (_PLAIN_LETTERS.fullmatch(bare.replace("'", "")) and bare.lower() in WORDS)


def _is_token(name: str, value: str, place: Place) -> bool:
    if _SPECIAL_VALUE.search(name) and (place.assigned or place.quoted):
        return not _is_sentence(value)
    if _is_harmless_form(value):
        return False
    if name.lower().endswith("credentials") and not place.assigned and not place.quoted:
        return _is_session(name, value, place)
    bare = value.rstrip(".,;:!?)")
    if _NUMBER.fullmatch(bare):
        return not value.endswith(":") and _is_code(name, bare, place)
    if name.lower().endswith("secret") and _is_object(value, place):
        return False
    if " " in value:
        first = value.split(maxsplit=1)[0].strip("\"'")
        told = all_words(first) or not _mixed(first) or _is_harmless_form(first)
        return not (told and _is_sentence(value))
    if place.assigned or place.quoted:
        lower = bare.lower()
        return not (lower in STATES or lower in _ANONYMOUS or _says_state(bare))
    return _is_token_of_text(value, bare, place)


def _is_code(name: str, digits: str, place: Place) -> bool:
    """`otp=1234`, `token=123456`, and not `token: 401`."""
    if name.lower().endswith(("pin", "otp", "code")):
        return True
    return not place.prose_before and len(digits) >= (6 if place.assigned else 8)


def _is_token_of_text(value: str, bare: str, place: Place) -> bool:
    """Of a word after `token:`, in a sentence or in YAML."""
    if value.endswith(":") and (place.prose_before or all_words(bare)):
        # `token: square/go-jose: error …`: whoever says what follows.
        return _mixed(bare) and "/" not in bare
    if _is_word_among_words(bare, place.next_word):
        return False
    if _joined(bare) and not _says_state(bare):
        return True
    lower = bare.lower()
    if lower in POPULAR:
        return not place.next_word
    endings = bool(place.prose_before or place.next_word)
    if all_words(bare, endings=endings) or lower in WORDS:
        return False
    plain = bool(_PLAIN_LETTERS.fullmatch(bare)) and (bare.islower() or bare.istitle())
    # `could not read token: dunno about it`: a word among words.
    return not (plain and place.prose_before and place.next_word)


def _is_word_among_words(bare: str, next_word: str) -> bool:
    """`secret: labels mismatch`, `credential: assume-role denied`, `key: PKCS#1 expected`."""
    if not next_word or not is_word(next_word.strip("\"'(),.:;!"), endings=False):
        return False
    if _joined(bare):
        parts = {part.lower() for part in re.split(r"[_-]", bare)}
        return parts <= WORDS and not parts & POPULAR
    return bool(_SMALL_LETTERS.fullmatch(bare) or _STANDARD.fullmatch(bare))


def _is_session(name: str, value: str, place: Place) -> bool:
    bare = value.rstrip(".,;:!?)")
    if _is_harmless_form(value) or _NUMBER.fullmatch(bare) or _is_sentence(value):
        return False
    if _OBJECT.fullmatch(bare) or _FILE.fullmatch(bare) or _VERSION.fullmatch(bare):
        return False
    if not place.assigned and ":" in bare:
        # `auth: bob:hunter2`
        return is_mixed(bare.rpartition(":")[2])
    if not place.assigned or name.lower() in ("key", "cert", "certificate", "webhook"):
        return _looks_made(bare)
    # Of the names of objects: `webhook=validate-nginx`, `certs=web-tls`.
    if re.search(
        r"cert|pem|webhook|keys$|kubeconfig|keystore|secrets$|tokens$|ur[il]$", name, re.IGNORECASE
    ):
        return _looks_made(bare)
    return " " not in bare


def _is_harmless_form(value: str) -> bool:
    bare = value.rstrip(".,;!?)")
    return bool(
        _is_place(value)
        or _TIME.fullmatch(bare)
        or _ADDRESS.fullmatch(bare)
        or _LINE.fullmatch(value)
    )


def _is_place(value: str) -> bool:
    """A path of plain segments, or a URL in which nothing is random."""
    bare = value.rstrip(".,;)\"'")
    if _URL.match(value):
        return bool(_URL.fullmatch(bare))
    path = _PATH.fullmatch(bare) or _RELATIVE.fullmatch(bare)
    return bool(path) and not looks_random(bare) and not _base64_like(bare)


def _base64_like(value: str) -> bool:
    return any(
        len(part) >= 12 and any(c.isdigit() for c in part) and any(c.isupper() for c in part)
        for part in re.split(r"[/\\.]", value)
    )


def _is_object(value: str, place: Place) -> bool:
    """`secret="shop/db"`, `secret: "db" not found`: the name of a Secret."""
    if _OBJECT.fullmatch(value):
        return True
    known = place.next_word.strip("\"',.:;").lower() in (
        "not",
        "is",
        "does",
        "has",
        "in",
        "already",
    )
    return known and bool(_LABEL.fullmatch(value)) and not looks_random(value)


def _is_message_word(word: str) -> bool:
    """The word after the value: a word too, or a name in quotes."""
    bare = word.strip("\"'(),.:;!")
    return bool(bare) and (is_word(bare) or word[0] in "\"'")


def _is_sentence(value: str) -> bool:
    """Words and numbers alone, most of them known."""
    words = value.split()
    if len(words) < 2:
        return all_words(value)
    known = sum(all_words(word) or bool(_NUMBER.fullmatch(word)) for word in words[:40])
    return (len(words) > 2 and known * 3 >= 2 * min(len(words), 40)) or known == len(words)


def _joined(value: str) -> bool:
    return bool(re.search(r"[A-Za-z0-9][_-][A-Za-z0-9]", value))


def _says_state(value: str) -> bool:
    """`insufficient_scope`, `invalid-grant`, `AccessDenied`: words, and one says what failed."""
    if not all_words(value):
        return False
    parts = [part.lower() for part in re.split(r"[\s_-]+", _CAMEL.sub("_", value)) if part]
    return any(
        part in STATES or part.startswith(("un", "in", "non", "mis", "auth")) or part == "error"
        for part in parts
    )


def _mixed(value: str) -> bool:
    """Letters and digits in one word that is not a technical one such as `x509`."""
    letters = any(c.isalpha() for c in value)
    digits = any(c.isdigit() for c in value)
    return letters and digits and value.lower() not in WORDS


def _looks_made(value: str) -> bool:
    """By itself, without a name that says so: hex, a UUID, or long and of mixed characters."""
    if _HEX.fullmatch(value) or looks_random(value):
        return True
    if _IDENTIFIER.fullmatch(value):
        return False
    if len(value) < 8 or not re.fullmatch(r"[\w+/=.~%!@#$^*-]+", value):
        return False
    lower = any(c.islower() for c in value)
    upper = any(c.isupper() for c in value)
    digit = any(c.isdigit() for c in value)
    if lower and upper and digit:
        return not _CAMEL.search(value) or not all_words(re.sub(r"\d+$", "", value))
    if lower and upper and len(value) >= 12 and value.isalnum() and not all_words(value):
        return changes(value) * 3 >= len(value)
    # `web-5f7d8c9b6d-x2x9q` is a pod, `k3y9f2h7d1` none.
    # `SCRAM-SHA-256` is a mechanism.
    named = re.match(r"[a-z]+[-.:]|[A-Z]+[-_]", value)
    return digit and (lower or upper) and not named and len(value) >= 10


def looks_random(word: str) -> bool:
    """Letters of both cases and digits, mixed as no path, name or digest mixes them."""
    if len(word) < 20 or len(set(word)) < 10:
        return False
    if not (_LOWER.search(word) and _UPPER.search(word) and _DIGIT.search(word)):
        return False
    runs = _RUNS.findall(word)
    # A time or a path has many short runs, base64url a separator in 32 characters.
    pairs = sum(len(run) - 1 for run in runs)
    return pairs >= 14 and sum(changes(run) for run in runs) * 3 >= pairs


def changes(word: str) -> int:
    """How often the kind of character changes from one to the next."""
    return sum(_kind(a) != _kind(b) for a, b in itertools.pairwise(word))


def _kind(char: str) -> int:
    return 0 if char.islower() else 1 if char.isupper() else 2 if char.isdigit() else 3
