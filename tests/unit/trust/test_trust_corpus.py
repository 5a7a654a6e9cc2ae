"""Both directions of the scrubbing of free text, measured over lines as programs write them.

`corpus/planted.txt`: a value, a tab, a line with it. `corpus/harmless.txt`: lines of kubelets,
webhooks, registries, TLS, OAuth, databases and programs, without a secret. The figures stand in
docs/SECURITY.md, and the last test checks them there.
"""

from __future__ import annotations

import base64
import html
import json
import shlex
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.secretlike import hide_text, hide_words, secret_parts, secret_value
from kubectl_podx.model.reference import Reference

CORPUS = Path(__file__).parent / "corpus"
PLANTED = [
    tuple(line.split("\t", 1))
    for line in (CORPUS / "planted.txt").read_text().split("\n")
    if line.strip()
]
HARMLESS = [line for line in (CORPUS / "harmless.txt").read_text().split("\n") if line]


def test_the_corpus_is_large_enough() -> None:
    assert len(PLANTED) >= 200
    assert len(HARMLESS) >= 200
    assert all(value in line for value, line in PLANTED)


def test_recall_every_planted_value_is_hidden() -> None:
    missed = [line for value, line in PLANTED if value in hide_text(line)]
    assert missed == []


def test_precision_harmless_lines_stay_as_they_are() -> None:
    changed = [line for line in HARMLESS if hide_text(line) != line]
    assert len(changed) <= len(HARMLESS) // 100, changed


def test_lines_are_judged_alike_in_a_log_of_many() -> None:
    """No line is hidden because of another; but for a key or a block that goes over several."""
    log = "\n".join(HARMLESS)
    assert hide_text(log).count("<hidden>") <= log.count("<hidden>") + len(HARMLESS) // 100
    several = "\n".join(line for _, line in PLANTED)
    shown = hide_text(several)
    assert [value for value, _ in PLANTED if len(value) > 12 and value in shown] == []


def test_what_was_hidden_stays_hidden_and_is_not_hidden_again() -> None:
    for _, line in PLANTED:
        once = hide_text(line)
        assert hide_text(once).count("<hidden>") <= once.count("<hidden>")


@pytest.mark.parametrize(("value", "line"), PLANTED[::7])
def test_a_planted_line_is_a_secret_value_and_its_part_is_known(value: str, line: str) -> None:
    """Values of ConfigMaps are judged by the same rules, and logs are searched for the parts."""
    assert secret_value(line)
    assert any(value in part or part in value for part in secret_parts(line))


# -- values that are known to be secret, in the encodings of programs ----------------------------

KNOWN = (
    b'p@ss "w\xc3\xb6rd"/with\\all & more',
    b"<script>&'quoted\"",
    b"it's-a-$ecret!",
    b"S3cr3t<&>9",
    b"plainalphanumeric99",
    b"tab\tand\\slash/plus+equals=",
    b"\xff\xfekey\x80raw\xc0bytes",
    b"caf\xe9-latin-1-password",
    b"line-one-of-two\nline-two-of-two\n",
)


def of_text(text: str) -> dict[str, str]:
    go = json.dumps(text, ensure_ascii=False)[1:-1]
    for mark, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        go = go.replace(mark, code)
    return {
        "plain": text,
        "JSON": json.dumps(text)[1:-1],
        "JSON in JSON": json.dumps(json.dumps(text))[3:-3],
        "JSON, not ASCII": json.dumps(text, ensure_ascii=False)[1:-1],
        "Go's JSON": go,
        "Go's JSON in Python's": json.dumps(go)[1:-1],
        "JSON with capitals": go.replace("003c", "003C").replace("003e", "003E"),
        "PHP's JSON": json.dumps(text)[1:-1].replace("/", "\\/"),
        "HTML": html.escape(text),
        "HTML text": html.escape(text, quote=False),
        "Go's HTML": html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;"),
        "XML": html.escape(text, quote=False).replace('"', "&quot;").replace("'", "&apos;"),
        "repr": repr(text)[1:-1],
        "ascii": ascii(text)[1:-1],
        "shell": shlex.quote(text),
        "shell, doubled": text.replace("'", "'\\''"),
        "SQL": text.replace("'", "''"),
    }


def of_bytes(value: bytes) -> dict[str, str]:
    hexadecimal = value.hex()
    url = quote(value, safe="")
    return {
        "base64": base64.b64encode(value).decode(),
        "base64 without padding": base64.b64encode(value).decode().rstrip("="),
        "base64url": base64.urlsafe_b64encode(value).decode(),
        "base64url without padding": base64.urlsafe_b64encode(value).decode().rstrip("="),
        "base32": base64.b32encode(value).decode(),
        "base32 without padding": base64.b32encode(value).decode().rstrip("="),
        "hex": hexadecimal,
        "hex in capitals": hexadecimal.upper(),
        "hex with colons": value.hex(":"),
        "%xx": url,
        "%xx in small letters": "".join(f"%{byte:02x}" for byte in value),
        "%XX": "".join(f"%{byte:02X}" for byte in value),
        "\\x": "".join(f"\\x{byte:02x}" for byte in value),
        "bytes of Python": repr(value)[2:-1],
    }


def of_broken_text(value: bytes) -> dict[str, str]:
    return {
        "U+FFFD": value.decode("utf-8", "replace"),
        "U+FFFD for each byte": "".join(
            "\ufffd" if 0xDC80 <= ord(char) <= 0xDCFF else char
            for char in value.decode("utf-8", "surrogateescape")
        ),
        "\\ufffd": json.dumps(value.decode("utf-8", "replace"))[1:-1],
        "latin-1": value.decode("latin-1"),
        "backslashes": value.decode("utf-8", "backslashreplace"),
    }


def spelt(value: bytes) -> list[tuple[str, str]]:
    found = of_bytes(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        found |= of_broken_text(value)
    else:
        found |= of_text(text)
        found["URL"] = quote(text)
        found["form"] = quote_plus(text)
        found["URL in small letters"] = _small(quote(text, safe=""))
        found["form in small letters"] = _small(quote_plus(text))
    return list(found.items())


def _small(url: str) -> str:
    parts = url.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


@pytest.mark.parametrize("value", KNOWN, ids=ascii)
def test_a_known_secret_is_scrubbed_in_every_spelling(value: bytes) -> None:
    sealer = Sealer()
    encoded = base64.b64encode(value).decode()
    sealer.keep(Reference("Secret", "shop", "login"), {"kind": "Secret", "data": {"k": encoded}})
    left = [
        kind
        for kind, spelling in spelt(value)
        for line in (spelling, f"login with {spelling} failed", f'{{"log":"{spelling}"}}')
        if spelling in sealer.scrub(line)
    ]
    assert left == []


def test_a_secret_inside_of_base64_is_scrubbed() -> None:
    sealer = Sealer()
    sealer.keep(Reference("Secret", "shop", "login"), {"stringData": {"k": "canary-7f3a-hunter2"}})
    for before in ("", "u", "us", "use", "user:"):
        whole = base64.b64encode(f"{before}canary-7f3a-hunter2:more".encode()).decode()
        inner = sealer.scrub(whole).replace("<hidden>", "")
        assert len(inner) < 22, before


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["mysql", "-uroot", "-phunter2"], ["mysql", "-uroot", "-p<hidden>"]),
        (["/usr/bin/mysqldump", "-phunter2", "shop"], ["/usr/bin/mysqldump", "-p<hidden>", "shop"]),
        (["redis-cli", "-ahunter2", "ping"], ["redis-cli", "-a<hidden>", "ping"]),
        (["mkdir", "-p", "/var/cache"], ["mkdir", "-p", "/var/cache"]),
        (["app", "-port", "80"], ["app", "-port", "80"]),
    ],
)
def test_a_password_glued_to_its_flag(words: list[str], shown: list[str]) -> None:
    assert hide_words(words) == shown


def test_the_figures_of_the_documentation_are_these() -> None:
    security = (Path(__file__).resolve().parents[3] / "docs" / "SECURITY.md").read_text()
    assert f"(`tests/unit/trust/corpus/planted.txt`) | {len(PLANTED)} |" in security
    assert f"(`harmless.txt`) | {len(HARMLESS)} |" in security
    most = max(len(spelt(value)) for value in KNOWN)
    assert f"| {len(KNOWN)} values, up to {most} encodings |" in security
