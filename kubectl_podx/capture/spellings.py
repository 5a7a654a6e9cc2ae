"""How a known secret value is spelt in logs and messages. Called by the sealer, keeps nothing."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus


def in_base64(value: bytes) -> set[str]:
    """In both alphabets of base64, without the padding, which some leave out."""
    encoded = (base64.b64encode(value), base64.urlsafe_b64encode(value))
    return {text.decode().rstrip("=") for text in encoded}


def spellings(value: str) -> set[str]:
    """The value as logs write it: plain, in a URL, in a JSON string."""
    found = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    try:
        return found | {quote(value), quote(value, safe=""), quote_plus(value)}
    except UnicodeEncodeError:
        return found
