"""The frame of every page: what is put into a template is cleaned and escaped, in one place."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from kubectl_podx.view.escape import clean

_FOLDER = Path(__file__).with_name("page")


def fill(template: str, **values: object) -> str:
    """The page that this template makes of the values.

    Each passes through `_put`, which cleans and escapes it; only markup that this room has made
    itself is left as it is.
    """
    style, script = _text("style.css"), _text("script.js")
    page = (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - our own sheet
            script=Markup(script),  # noqa: S704 - our own script
            policy=_policy(style, script),
            **values,
        )
    )
    # In any locale standard output can write it, and a browser reads it in any encoding.
    return page.encode("ascii", "xmlcharrefreplace").decode()


def _policy(style: str, script: str) -> str:
    """Nothing is loaded from anywhere; only this sheet and this script are taken."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _put(value: Any) -> Any:
    """What an expression of the template becomes: cleaned text, or markup of our own."""
    if value is None or isinstance(value, jinja2.Undefined):
        raise jinja2.UndefinedError("the page names a value that is not there")
    return value if isinstance(value, Markup) else clean(str(value))


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        finalize=_put,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
