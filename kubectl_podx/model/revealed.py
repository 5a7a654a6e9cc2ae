"""What `--reveal` shows: values that a person asked to see, beside the Capture and never in it."""

from __future__ import annotations

from typing import Literal, Never

Side = Literal["declared", "injected", "process"]


class Revealed:
    """Values of variables and of keys of Secrets, for one run's terminal.

    No field of a Capture or of a report has this type; it can be neither encoded nor pickled, and
    its repr shows nothing. It stays empty unless `--reveal` asked for it.
    """

    __slots__ = ("_keys", "_variables")

    def __init__(self) -> None:
        self._variables: dict[tuple[str, str, str, Side], str] = {}
        self._keys: dict[tuple[str, str], bytes] = {}

    def __repr__(self) -> str:
        return "<Revealed>"

    def __reduce__(self) -> Never:
        raise TypeError("what --reveal shows is never written anywhere")

    def keep_variable(self, pod: str, container: str, name: str, side: Side, value: str) -> None:
        """One side of a variable; `pod` is its reference's key."""
        self._variables[pod, container, name, side] = value

    def variable(self, pod: str, container: str, name: str, side: Side) -> str | None:
        """The value on that side; None where it was not seen."""
        return self._variables.get((pod, container, name, side))

    def keep_key(self, secret: str, key: str, value: bytes) -> None:
        """One key of a Secret; `secret` is its reference's key."""
        self._keys[secret, key] = value

    def key(self, secret: str, key: str) -> bytes | None:
        """The value of that key in the API now; None where it was not read."""
        return self._keys.get((secret, key))
