"""On which line of a YAML or JSON file a field stands."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from kubectl_podx.cluster.full_yaml import Loader
from kubectl_podx.model.errors import BadYamlError

Step = str | int


class Lines:
    """The lines of the documents of one file, in their order."""

    def __init__(self, data: bytes) -> None:
        """A file that cannot be read has no lines: whoever reads it for its content says why."""
        self._roots: list[yaml.Node | None] = []
        try:
            loader = Loader(data, 0)
            try:
                while loader.check_node():
                    self._roots.append(loader.get_node())
            finally:
                loader.dispose()
        except (yaml.YAMLError, BadYamlError, ValueError, OverflowError, RecursionError):
            return

    def line(self, document: int, path: Sequence[Step]) -> int:
        """The line, from 1, of the last step of the path that is there; 0 where none is."""
        if not 0 <= document < len(self._roots):
            return 0
        node = self._roots[document]
        line = _first(node)
        for step in path:
            found = _below(node, step)
            if found is None:
                break
            line, node = found
        return line


def _first(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 0


def _below(node: yaml.Node | None, step: Step) -> tuple[int, yaml.Node] | None:
    """The value of a key, with the key's line; or an item of a list, by its place or its name."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode):
        if isinstance(step, int):
            inner = node.value[step] if step < len(node.value) else None
        else:
            inner = next((one for one in node.value if _name(one) == step), None)
        if inner is not None:
            return inner.start_mark.line + 1, inner
    return None


def _name(node: yaml.Node) -> str:
    found = _below(node, "name") if isinstance(node, yaml.MappingNode) else None
    return found[1].value if found is not None and isinstance(found[1], yaml.ScalarNode) else ""
