"""How a known secret value is encoded in logs and messages. Called by the sealer, keeps nothing."""

from __future__ import annotations

import base64
import re
import shlex
from urllib.parse import quote, quote_plus

import msgspec

from kubectl_podx.model.patterns import lazy

# A text of fewer known characters is found everywhere.
_FEWEST_KNOWN = 3
_SHORTEST_INSIDE = 9
_JSON_MARKS = {"<": "003c", ">": "003e", "&": "0026", "\u2028": "2028", "\u2029": "2029"}
_HTML_MARKS = str.maketrans({"+": "&#43;", "`": "&#96;", "=": "&#61;", "/": "&#x2F;"})
_ESCAPE = lazy(r"%[0-9A-F]{2}")
_SPECIAL = lazy(r"([^\w@%+=:,./-])", re.ASCII)


def in_base64(value: bytes) -> set[str]:
    """In both alphabets of base64, without the padding, which some leave out."""
    encoded = (base64.b64encode(value), base64.urlsafe_b64encode(value))
    return {text.decode().rstrip("=") for text in encoded}


def encoded(value: bytes) -> set[str]:
    """The bytes as a whole: base64, also inside of a longer one, base32, hex, escapes, `%XX`."""
    found = in_base64(value)
    for before in (1, 2):
        # `user:value` in base64: what does not depend on the bytes beside the value.
        start = (before * 8 + 5) // 6
        whole = len(value) + before
        end = whole * 8 // 6
        for text in in_base64(b"\0" * before + value):
            found.add(text[start:end])
    end = len(value) * 8 // 6
    found |= {text[:end] for text in in_base64(value)}
    base32 = base64.b32encode(value).decode().rstrip("=")
    found |= {base32, base32.lower(), base64.b32hexencode(value).decode().rstrip("=")}
    digits = [f"{byte:02x}" for byte in value]
    for mark in ("", ":", " "):
        found |= {mark.join(digits), mark.join(digits).upper()}
    for mark in ("\\x", "%"):
        found |= {"".join(mark + d for d in digits), "".join(mark + d.upper() for d in digits)}
    for url in (quote(value, safe=""), quote(value), quote_plus(value)):
        found |= {url, _small_hex(url)}
    found.add("".join(f"\\{byte:03o}" for byte in value))
    found.add("[" + " ".join(str(byte) for byte in value) + "]")
    found.add(", ".join(str(byte) for byte in value))
    return {text for text in found if len(text) >= _SHORTEST_INSIDE - 1}


def texts_of(value: bytes) -> list[str]:
    """The value as text; what is not UTF-8 as programs make text of it."""
    try:
        return [value.decode()]
    except UnicodeDecodeError:
        pass
    texts = [
        # Python, Java and browsers replace a broken sequence, Go each of its bytes.
        value.decode("utf-8", "replace"),
        value.decode("utf-8", "surrogateescape"),
        value.decode("latin-1"),
        value.decode("cp1252", "replace"),
        value.decode("utf-8", "ignore"),
        value.decode("utf-8", "backslashreplace"),
        repr(value)[2:-1],
    ]
    each = re.sub("[\udc80-\udcff]", "\ufffd", texts[1])
    texts[1] = each
    return [text for text in texts if len(re.sub("[\ufffd\\s]", "", text)) >= _FEWEST_KNOWN]


def usual_encodings(value: str) -> set[str]:
    """Of one line of many: plain, in JSON, in a URL."""
    if value.isalnum() and value.isascii():
        return {value}
    found = {value, *_in_json(value)}
    try:
        quoted = {quote(value), quote(value, safe=""), quote_plus(value)}
    except UnicodeEncodeError:
        return found
    return found | quoted | {_small_hex(url) for url in quoted}


def encodings(value: str) -> set[str]:
    """The text as logs write it: plain, in a URL, in JSON, HTML, a shell or a language's quotes."""
    found = {value}
    if value.isalnum() and value.isascii():
        return found
    once = _in_json(value)
    found |= once
    for text in once:
        # JSON in a field of JSON: `{"log":"{\"password\":\"…\"}"}`.
        found |= _in_json(text)
    for text in (value, *once):
        numbered = _html(text, "&#34;", "&#39;")
        found |= {numbered, numbered.translate(_HTML_MARKS), _html(text, '"', "'")}
        found |= {_html(text, "&quot;", "&#x27;"), _html(text, "&quot;", "&apos;")}
    found |= {ascii(value)[1:-1], repr(value)[1:-1], _quoted_as_python(value)}
    found |= {
        value.replace("\\", "\\\\").replace("'", "\\'"),
        value.replace("'", "''"),
        value.replace('"', '""'),
    }
    found |= {value.replace("'", "'\"'\"'"), value.replace("'", "'\\''"), shlex.quote(value)[1:-1]}
    found |= {_SPECIAL.sub(r"\\\1", value), re.sub(r'([$`"\\!])', r"\\\1", value)}
    try:
        utf8 = value.encode()
    except UnicodeEncodeError:
        return found
    found |= {repr(utf8)[2:-1], utf8.decode("latin-1")}
    # Go's url.QueryEscape and PathEscape, encodeURIComponent, encodeURI, Python.
    for safe in ("", "/", "!'()*", ";,/?:@&=+$#!'()*", "$&+=:@", "~!*()'", "-_.!~*'():@&=+$,/"):
        for text in (quote(value, safe=safe), quote_plus(value, safe=safe)):
            found |= {text, _small_hex(text)}
    return found


def _small_hex(url: str) -> str:
    return _ESCAPE.sub(lambda match: match.group().lower(), url)


def _in_json(value: str) -> set[str]:
    """As Python, Go (which escapes `<`, `>` and `&`), PHP and .NET write a JSON string."""
    found = _json_strings(value)
    for text in tuple(found):
        for upper in (False, True):
            marked = text
            for mark, code in _JSON_MARKS.items():
                marked = marked.replace(mark, "\\u" + (code.upper() if upper else code))
            found |= {marked, marked.replace('\\"', "\\u0022").replace("'", "\\u0027")}
            found.add(
                marked.replace('\\"', "\\u0022")
                .replace("'", "\\u0027")
                .replace("+", "\\u002B")
                .replace("`", "\\u0060")
            )
        found.add(text.replace("/", "\\/"))
        found.add(text.replace("'", "\\u0027"))
    found |= {
        re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m.group()[2:].upper(), text)
        for text in set(found)
    }
    return found


def _json_strings(value: str) -> set[str]:
    """With and without what is not ASCII."""
    if value.isascii() and "\x7f" not in value:
        return {msgspec.json.encode(value).decode()[1:-1]}
    import json  # noqa: PLC0415 - late: few secrets need it

    return {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}


def _html(value: str, double: str, single: str) -> str:
    # What `html.escape` does; its module brings a table of 2,000 names.
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace('"', double).replace("'", single)


def _quoted_as_python(value: str) -> str:
    """`repr` of a text that holds both quotes, whichever the text around it brings in."""
    return repr(value + "\"'")[1:-4]
