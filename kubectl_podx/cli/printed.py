"""The formats that are the same for every document, each imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_podx.cli.request import Request
    from kubectl_podx.model.wire import Wire

EVERY = ("json", "yaml", "kyaml", "brief")
"""What every report can be printed as."""
CHECKED = ("junit", "sarif")
"""Those of reports that find something."""


def answered(request: Request, document: Wire) -> str | None:
    """What `--query` finds in it, or the document as `printed` has it; None as there."""
    if request.query is not None:
        return _queried(request, document)
    return printed(request.format, document, lines=request.watch)


def _queried(request: Request, document: Wire) -> str:
    """What `--query` answers on a document, in the format that was asked for."""
    from kubectl_podx.render.document import plain, to_json, to_json_line, to_kyaml, to_yaml
    from kubectl_podx.render.jmes import ask, result_table, result_text

    answer = ask(plain(document), request.query or "")
    match request.format:
        case "yaml":
            return to_yaml(answer)
        case "kyaml":
            return to_kyaml(answer)
        case "table":
            return result_table(answer)
        case "text":
            return result_text(answer)
        case _:
            return to_json_line(answer) if request.watch else to_json(answer)


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
