"""YAML as kubectl's parser has it, within bounds: for all that `block_yaml` leaves alone."""

from __future__ import annotations

import re
from typing import Any

import yaml

from kubectl_podx.cluster.block_yaml import BadYamlError

# Aliases of aliases multiply: 304 bytes of them become 23 MB. A kubeconfig has none.
_MAX_ALIASES = 16
_MAX_DEPTH = 60
_PREFIX = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """PyYAML's own loader: the C one crashes the process on deep nesting.

    Scalars resolve as kubectl's parser has them: a date stays text, and `y` is a boolean.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._aliases = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > _MAX_ALIASES:
                raise BadYamlError("too many aliases")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise BadYamlError("nested too deeply")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_PREFIX}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.bool_values = {**yaml.SafeLoader.bool_values, "y": True, "n": False}
_Loader.add_implicit_resolver(f"{_PREFIX}bool", re.compile("^[yYnN]$"), list("yYnN"))


def documents(text: str, *, first_only: bool) -> list[Any]:
    """The documents as plain data. Raises BadYamlError, which never quotes the text."""
    try:
        return _documents(text, first_only)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise BadYamlError(f"{line}cannot be parsed") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise BadYamlError("cannot be parsed") from None


def _documents(text: str, first_only: bool) -> list[Any]:
    loader = _Loader(text)
    found: list[Any] = []
    try:
        while loader.check_data():  # type: ignore[no-untyped-call]
            found.append(loader.get_data())
            if first_only:
                break
    finally:
        loader.dispose()
    return found
