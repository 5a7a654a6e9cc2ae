"""Secrets in free text (a log, an event, a message) hidden by their look and by what stands before.

Whoever writes a log chooses what is matched here: every pattern begins where a word begins or has
a bound, so that the time grows with the length of a text and not with its square. The words of a
message stay: capture/candidate.py judges each value.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kubectl_podx.capture import hide_patterns as p
from kubectl_podx.capture.candidate import (
    NameKind,
    Place,
    is_mixed,
    is_nothing,
    is_secret,
    looks_random,
    name_kind,
)
from kubectl_podx.capture.certificates import without_pem
from kubectl_podx.capture.hide_patterns import quoted_end
from kubectl_podx.capture.secretwords import WORDS, all_words, small

HIDDEN = "<hidden>"
_LONG = 1024


def vocabulary(text: str) -> str:
    """A long text as its different words, each in a line of its own: what has no space in it is in
    the text where it is in one of them. Files of settings say most of theirs many times.
    """
    return text if len(text) < _LONG else "\n".join(set(text.split()))


def may_match(text: str, words: str) -> bool:
    """Whether it is worth while to search the text for more than random words. `words`: its
    vocabulary.
    """
    if any(hint in text for hint in p.SPACED_HINTS) or any(hint in words for hint in p.HINTS):
        return True
    lower = small(words)
    return (
        any(hint in lower for hint in p.LOWER_HINTS)
        or ("@" in words and ":" in words)
        or bool(p.PREFIX_MARK.search(words) and p.PREFIXED.search(words))
    )


def hide_text(text: str) -> str:
    """Free text with what looks like a secret replaced; the words around it stay."""
    return _hide(text, None)


def secret_parts(text: str) -> list[str]:
    """What `hide_text` would hide."""
    found: list[str] = []
    _hide(text, found)
    return found


def has_secret(text: str) -> bool:
    """Whether `hide_text` would hide anything."""
    return _hide(text, None) != text


def _hide(text: str, found: list[str] | None) -> str:
    hider = _Hider(found)
    words = vocabulary(text)
    if may_match(text, words):
        text = without_pem(text, hider.take)
        lower = small(text)
        for hints, step in _STEPS:
            if not hints or any(hint in lower for hint in hints):
                text = step(hider, text)
    return p.RANDOM.sub(hider.random, text) if p.RANDOM.search(words) else text


class _Hider:
    """The replacements of one text; `found` takes what was hidden."""

    def __init__(self, found: list[str] | None) -> None:
        self._found = found

    def take(self, value: str) -> str:
        if self._found is not None:
            self._found.append(value)
        return HIDDEN

    def _part(self, match: re.Match[str], group: str = "value") -> str:
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        whole = match.group()
        return whole[:start] + self.take(whole[start:end]) + whole[end:]

    def whole(self, match: re.Match[str]) -> str:
        return self.take(match.group())

    def value(self, match: re.Match[str]) -> str:
        return match.group() if is_nothing(match["value"]) else self._part(match)

    def random(self, match: re.Match[str]) -> str:
        word = match.group()
        if not looks_random(word):
            return word
        # A public fingerprint, `SHA256:nThbg6kXUp…`.
        if p.FINGERPRINT.search(match.string[max(0, match.start() - 8) : match.start()]):
            return word
        if p.FINGERPRINT.search(word[:7]):
            return word
        return self.take(word)

    def prefixed(self, match: re.Match[str]) -> str:
        rest = match["rest"]
        if p.SURE_PREFIX.match(match.group()):
            if any(c.isdigit() for c in rest) or not all_words(rest):
                return self.take(match.group())
            return match.group()
        lower = any(c.islower() for c in rest)
        mixed = any(c.isdigit() for c in rest) and lower and "." not in rest
        if mixed and len(rest) >= 16 and re.fullmatch(r"[A-Za-z0-9_]+", rest):
            return self.take(match.group())
        return match.group()

    # -- URLs ------------------------------------------------------------------------------------

    def addresses(self, text: str) -> str:
        if "@" not in text:
            return text
        text = p.USERINFO.sub(self._userinfo, text)
        text = p.LONE_USER.sub(self._lone_user, text)
        return p.BARE_USERINFO.sub(self._bare_userinfo, text)

    def _userinfo(self, match: re.Match[str]) -> str:
        value = match["pass"]
        if p.PORT_AND_PATH.match(value) or is_nothing(value) or _before_digest(match):
            return match.group()
        return self._part(match, "pass")

    def _lone_user(self, match: re.Match[str]) -> str:
        value = match["pass"]
        made = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
        return self._part(match, "pass") if made and not _before_digest(match) else match.group()

    def _bare_userinfo(self, match: re.Match[str]) -> str:
        value, host = match["pass"], match["host"]
        if _before_digest(match) or is_nothing(value) or value.startswith("<"):
            return match.group()
        if match["user"].lower() in ("mailto", "email", "user", "from", "to", "cc", "by", "git"):
            return match.group()
        if value.isdigit():
            return match.group()
        if host.endswith("(") or match["port"] or not value.isalpha():
            return self._part(match, "pass")
        return match.group()

    # -- headers ---------------------------------------------------------------------------------

    def authorization(self, match: re.Match[str]) -> str:
        scheme = (match["scheme"] or "").replace("%20", " ").strip().lower()
        value = match["value"]
        if (not scheme and value.lower() in p.SCHEMES) or (scheme and scheme not in p.SCHEMES):
            # `authorization: failed message: …` is a sentence; `Authorization: X Y` of an unknown
            # scheme is judged by its value.
            unknown = not all_words(scheme) or is_mixed(value)
            if scheme and unknown and not is_nothing(value) and "=" not in scheme:
                return self._part(match)
            return match.group()
        if scheme in p.PARAMETER_SCHEMES and "=" in value[:41]:
            return match.group()
        if not scheme:
            # `Authorization: hunter2`; named() judges it.
            return match.group()
        if is_nothing(value) or (all_words(value, endings=False) and not value.isupper()):
            return match.group()
        return self._part(match)

    def parameters(self, match: re.Match[str]) -> str:
        start = match.start("rest") - match.start()
        return match.group()[:start] + p.PARAMETER.sub(self._parameter, match["rest"])

    def _parameter(self, match: re.Match[str]) -> str:
        name = match["name"].lower()
        if name in (
            "response",
            "signature",
            "oauth_signature",
            "mac",
            "sig",
            "nonce",
            "cnonce",
            "key",
            "token",
            "oauth_token",
            "credential",
            "opaque",
            "password",
            "t",
            "k",
        ):
            return self._part(match)
        return match.group()

    def scheme(self, match: re.Match[str]) -> str:
        value = match["value"]
        if (
            is_nothing(value)
            or all_words(value.rstrip(":=."), endings=False)
            or value.rstrip(":.,").lower() in WORDS
        ):
            return match.group()
        following = match.string[match.end() : match.end() + 1]
        if re.fullmatch(r"[a-z_]+=?", value) and (
            following in ('"', "'", "=") or value.endswith("=")
        ):
            # `Bearer realm="…"`: a challenge, no credential.
            return match.group()
        if re.fullmatch(r"(?:realm|error|scope|service|charset)=\S*", value):
            return match.group()
        if match["scheme"][0].islower() and value.rstrip(":.").isalpha() and value.islower():
            return match.group()
        return self._part(match)

    def cookie(self, match: re.Match[str]) -> str:
        rest = match["rest"]
        if "=" not in rest:
            return match.group()
        start = match.start("rest") - match.start()
        return match.group()[:start] + p.COOKIE_PAIR.sub(self._cookie_pair, rest)

    def _cookie_pair(self, match: re.Match[str]) -> str:
        if match["name"].lower() in p.COOKIE_ATTRIBUTES or is_nothing(match["value"]):
            return match.group()
        return self._part(match)

    # -- names and values ------------------------------------------------------------------------

    def named(self, text: str) -> str:
        made: list[str] = []
        at = position = 0
        search = p.NAMED.search
        while match := search(text, position):
            position = match.end()
            name = match["name"]
            kind = name_kind(name)
            if not kind:
                continue
            start = match.start()
            before = text[max(0, start - 24) : start]
            if before.endswith("/") and "=" not in match["sep"]:
                # `/etc/passwd: not a directory` names a file, no secret.
                continue
            if (
                kind == "weak"
                and name.lower() in ("key", "string", "code")
                and p.TWO_WORDS.search(before)
            ):
                kind = "strong"
            for begin, end, place in self._values(text, match, before):
                value = text[begin:end]
                # `"Authorization":["Bearer <hidden>"]`
                done = HIDDEN in value and all_words(value.replace(HIDDEN, " "))
                if done or not is_secret(kind, name, value, place):
                    position = max(position, begin)
                    continue
                made += [text[at:begin], self.take(value)]
                at = position = end
        made.append(text[at:])
        return "".join(made)

    def _values(self, text: str, match: re.Match[str], before: str) -> list[tuple[int, int, Place]]:
        sep = match["sep"]
        equals = "=" in sep or ">" in sep or "%" in sep or "u003" in sep
        # `"name": word` is no JSON: a message quotes a name.
        assigned = equals or bool(match["close"] and match["open"])
        prose = bool(p.PROSE.search(before)) and not match["close"]
        opening, listed = match["open"], match["list"] or ""
        begin = match.end()
        if listed.startswith("{"):
            inner = p.INNER.match(text, match.start("list"))
            if inner is None:
                return []
            opening, begin, listed = inner["open"], inner.end(), ""
        if not opening:
            block = (
                p.BLOCK.match(text, begin) if begin < len(text) and text[begin] in "|>" else None
            )
            if block is not None:
                stop = _block_end(text, block.start("indent"), block["indent"])
                return [(block.end(), stop, Place(assigned=True))]
            value = p.UNQUOTED.match(text, begin)
            if value is None:
                return []
            stop = begin + len(_bare(value.group()))
            place = Place(
                assigned, quoted=False, prose_before=prose, next_word=_next(text, value.end())
            )
            if value.group().endswith(":"):
                stop = value.end()
            return [(begin, stop, place)] if stop > begin else []
        found: list[tuple[int, int, Place]] = []
        while True:
            stop, after = quoted_end(text, begin, opening)
            place = Place(assigned, quoted=True, prose_before=prose, next_word=_next(text, after))
            found.append((begin, stop, place))
            following = text.find(opening, after, after + len(opening) + 3)
            listing = listed.startswith(("[", "(")) and len(found) < 50
            if not listing or following < 0 or text[after:following].strip() != ",":
                return found
            begin = following + len(opening)

    def xml(self, match: re.Match[str]) -> str:
        tag = match["tag"].rpartition(":")[2]
        value = match["value"].strip()
        following = match.string[match.end() : match.end() + 8].lstrip()
        if " " in value and not following.startswith(("</", "&lt;/", "]]")):
            # `<password>` of a usage, and a sentence after it.
            return match.group()
        named = p.XML_NAME.search(match["attributes"])
        for name in (tag, named[1] if named else ""):
            kind = name_kind(name) if name else ""
            if kind and is_secret(kind, name, value, Place(assigned=True)):
                return self._part(match)
        return match.group()

    def pairs(self, text: str) -> str:
        """`{"name":"DB_PASSWORD","value":"…"}`, `{Name:DB_PASSWORD Value:… }`."""
        made: list[str] = []
        at = position = 0
        while match := p.PAIR.search(text, position):
            position = match.end()
            name = match["name"]
            kind: NameKind = name_kind(name)
            if not kind:
                position = match.end("name")
                continue
            if match["open"]:
                end, _ = quoted_end(text, position, match["open"])
            else:
                value = p.UNQUOTED.match(text, position)
                end = position + len(value.group().rstrip(",;)]}")) if value else position
            if end > position and is_secret(kind, name, text[position:end], Place(assigned=True)):
                made += [text[at:position], self.take(text[position:end])]
                at = position = end
        made.append(text[at:])
        return "".join(made)

    def spoken(self, match: re.Match[str]) -> str:
        value, opening = match["value"], match["open"]
        bare = value.rstrip(".,;:!?)")
        if is_nothing(bare) or bare.startswith(("-", "<", "=", ":")) or all_words(bare):
            return match.group()
        if opening:
            return self._part(match)
        mixed = any(c.isdigit() for c in bare) and any(c.isalpha() for c in bare)
        if (
            mixed
            and len(bare) >= 6
            and bare.lower() not in WORDS
            and "/" not in bare
            and "=" not in bare
        ):
            return self._part(match)
        return match.group()

    def spoken_token(self, match: re.Match[str]) -> str:
        before = match.string[max(0, match.start() - 11) : match.start()]
        if before == "unexpected " or not is_mixed(match["value"]):
            return match.group()
        return self._part(match)

    def xml_pair(self, match: re.Match[str]) -> str:
        kind = name_kind(match["name"])
        if kind and is_secret(kind, match["name"], match["value"].strip(), Place(assigned=True)):
            return self._part(match)
        return match.group()

    # -- command lines ---------------------------------------------------------------------------

    def flags(self, text: str) -> str:
        text = p.FLAG_AND_WORD.sub(self._flag, text)
        if any(flag in text for flag in ("-u", "-U", "user", "-D", "--auth", "-a ")):
            text = p.USER_FLAG.sub(self._user, text)
        if "-p" in text or "-a" in text or "-w" in text:
            text = p.SHORT.sub(self._short, text)
        return text

    def _flag(self, match: re.Match[str]) -> str:
        name = match["name"]
        kind = name_kind(name)
        place = Place(
            assigned=False,
            quoted=bool(match["open"] or not match["gap"].isspace()),
            next_word=_next(match.string, match.end()),
        )
        if kind and is_secret(kind, name, match["value"], place):
            return self._part(match)
        return match.group()

    def _user(self, match: re.Match[str]) -> str:
        value = match["value"].rstrip(",;)")
        before = match.string[max(0, match.start() - 200) : match.start()]
        if value.isdigit() or is_nothing(value) or value.startswith("//"):
            return match.group()
        tool = any(tool in before for tool in ("curl", "wget", "http", "smb", "git ", "ldap"))
        if tool or match.group().startswith("--") or any(c.isdigit() for c in value):
            return self._part(match)
        return match.group()

    def _short(self, match: re.Match[str]) -> str:
        flag, value = match["flag"], match["value"]
        begin = max(0, match.start() - 300)
        before = match.string[
            match.string.rfind("\n", begin, match.start()) + 1 or begin : match.start()
        ]
        if is_nothing(value) or value.startswith(("<", "/", "=")):
            return match.group()
        if any(tool in before for tool in p.TOOLS[flag]):
            # `mysql -p shop` asks for the password: the word is the database.
            if flag == "p" and match["gap"] and any(t in before for t in ("mysql", "mariadb")):
                return match.group()
            return self._part(match)
        if flag != "p" or match["gap"]:
            return match.group()
        if len(value) < 4 or re.fullmatch(r"[a-zA-Z-]+(?:=.*)?|[\d.:,/-]+(?:/\w+)?", value):
            return match.group()
        mixed = any(c.isdigit() for c in value) or not value.isalnum()
        return self._part(match) if mixed and "/" not in value else match.group()


def _bare(value: str) -> str:
    """Without the brackets and marks at its end that belong to what stands around it."""
    while value and value[-1] in ",;)]}.":
        opening = {")": "(", "]": "[", "}": "{"}.get(value[-1], "")
        if opening and opening in value:
            break
        value = value[:-1]
    return value


def _before_digest(match: re.Match[str]) -> bool:
    """`docker-pullable://nginx:1.27@sha256:…` is an image, no user with a password."""
    return match.string.startswith(("sha256:", "sha512:"), match.end("pass") + 1)


def _next(text: str, at: int) -> str:
    match = p.NEXT_WORD.match(text, at)
    return (match[1] or "") if match else ""


def _block_end(text: str, start: int, indent: str) -> int:
    """Where the lines end that are indented as the first line of a YAML block is."""
    at = start
    while text.startswith(indent, at):
        line = text.find("\n", at)
        if line < 0:
            return len(text)
        at = line + 1
    return max(start + len(indent), at - 1)


# What a text must hold in small letters, and what is then looked for; in this order, as a later
# step sees what an earlier one left.
_STEPS: tuple[tuple[tuple[str, ...], Callable[[_Hider, str], str]], ...] = (
    (("@",), _Hider.addresses),
    (("authorization",), lambda one, text: p.WITH_PARAMETERS.sub(one.parameters, text)),
    (("authorization",), lambda one, text: p.AUTHORIZATION.sub(one.authorization, text)),
    (("cookie",), lambda one, text: p.COOKIE.sub(one.cookie, text)),
    ((), _Hider.named),
    (("<", "&lt;"), lambda one, text: p.XML.sub(one.xml, text)),
    (("<", "&lt;"), lambda one, text: p.XML_PAIR.sub(one.xml_pair, text)),
    (("value",), _Hider.pairs),
    (("pass", "pw"), lambda one, text: p.SPOKEN.sub(one.spoken, text)),
    (
        ("identified", "pass", "masterauth", "literal"),
        lambda one, text: p.STATEMENT.sub(one.value, text),
    ),
    (("token", "key", "cred"), lambda one, text: p.SPOKEN_TOKEN.sub(one.spoken_token, text)),
    (("auth ", 'auth"'), lambda one, text: p.AUTH_COMMAND.sub(one.spoken_token, text)),
    (("-",), _Hider.flags),
    (
        ("bearer", "basic", "negotiate", "ssws", "apikey"),
        lambda one, text: p.SCHEME.sub(one.scheme, text),
    ),
    ((), lambda one, text: p.KEYS.sub(one.whole, text)),
    ((), lambda one, text: p.PREFIXED.sub(one.prefixed, text)),
)
