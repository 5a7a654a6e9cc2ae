"""The formats that are the same for every document, each imported when it is asked for."""

from __future__ import annotations

from typing import Any

EVERY = ("json", "yaml", "kyaml", "brief")
"""What every report can be printed as."""
CHECKED = ("junit", "sarif")
"""Those of reports that find something."""


def printed(output: str, document: Any, *, lines: bool = False) -> str | None:
    """The document in one of these formats; None where the format is another one.

    `lines`: JSON in one line, for one document after the other.
    """
    match output:
        case "json":
            from kubectl_podx.render.document import to_json, to_json_line

            return to_json_line(document) if lines else to_json(document)
        case "yaml":
            from kubectl_podx.render.document import to_yaml

            return to_yaml(document)
        case "kyaml":
            from kubectl_podx.render.document import to_kyaml

            return to_kyaml(document)
        case "brief":
            from kubectl_podx.render.brief import brief

            return brief(document)
        case "markdown":
            from kubectl_podx.render.markdown import markdown

            return markdown(document)
        case "junit":
            from kubectl_podx.render.junit import junit

            return junit(document)
        case "sarif":
            from kubectl_podx.render.sarif import sarif

            return sarif(document)
        case _:
            return None
