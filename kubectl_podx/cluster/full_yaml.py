"""YAML as kubectl's parser has it, within bounds: for all that `block_yaml` leaves alone."""

from __future__ import annotations

import re
from typing import Any

import yaml

from kubectl_podx.model.errors import BadYamlError

# Aliases of aliases multiply: 304 bytes of them become 23 MB. A kubeconfig has none.
_MAX_ALIASES = 16
_MAX_DEPTH = 60
_MAX_DOCUMENTS = 10000
_PREFIX = "tag:yaml.org,2002:"


class Loader(yaml.SafeLoader):
    """PyYAML's own loader: the C one crashes the process on deep nesting.

    Scalars resolve as kubectl's parser has them: a date stays text, and `y` is a boolean.
    """

    def __init__(self, text: str | bytes, max_aliases: int) -> None:
        super().__init__(text)
        self._max_aliases = max_aliases
        self._aliases = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Counts aliases and depth on the way."""
        if self.check_event(yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > self._max_aliases:
                raise BadYamlError("too many aliases")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise BadYamlError("nested too deeply")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


_OURS = frozenset(f"{_PREFIX}{kind}" for kind in ("timestamp", "int", "float"))
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OURS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# As PyYAML has them, but for numbers to the base 60 (`1:59:59`), which kubectl reads as text.
Loader.add_implicit_resolver(
    f"{_PREFIX}int",
    re.compile(r"^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$"),
    list("-+0123456789"),
)
Loader.add_implicit_resolver(
    f"{_PREFIX}float",
    re.compile(
        r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?"
        r"|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)
Loader.bool_values = {**yaml.SafeLoader.bool_values, "y": True, "n": False}
Loader.add_implicit_resolver(f"{_PREFIX}bool", re.compile("^[yYnN]$"), list("yYnN"))


def documents(text: str | bytes, *, first_only: bool, max_aliases: int = _MAX_ALIASES) -> list[Any]:
    """The documents as plain data. Raises BadYamlError, which never quotes the text."""
    try:
        return _documents(text, first_only, max_aliases)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise BadYamlError(f"{line}cannot be parsed") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise BadYamlError("cannot be parsed") from None


def _documents(text: str | bytes, first_only: bool, max_aliases: int) -> list[Any]:
    loader = Loader(text, max_aliases)
    found: list[Any] = []
    try:
        while loader.check_data():  # type: ignore[no-untyped-call]
            found.append(loader.get_data())
            if len(found) > _MAX_DOCUMENTS:
                raise BadYamlError(f"more than {_MAX_DOCUMENTS} documents")
            if first_only:
                break
    finally:
        loader.dispose()
    return found
