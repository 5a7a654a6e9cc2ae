"""`--query`: JMESPath on exactly the document that `-o json` prints, with a few functions more."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jmespath
import msgspec
from jmespath import exceptions, functions, visitor

from kubectl_podx.model.clock import human_duration, parse_time
from kubectl_podx.model.errors import UsageError
from kubectl_podx.render.document import to_json
from kubectl_podx.view.escape import clean, clean_json
from kubectl_podx.view.layout import aligned
from kubectl_podx.view.units import NONE, human_size

_LONGEST_EXPRESSION = 4096

# Of one evaluation: an expression of 34 parts can double what it has with each.
_MOST_STEPS = 3_000_000
_LONGEST_LIST = 1_000_000
_LONGEST_TEXT = 16 << 20
_MOST_VALUES = 2_000_000
_OPEN_ALL = frozenset({"to_string", "contains", "unique"})
_TAKE_EXPRESSIONS = frozenset({"sort_by", "max_by", "min_by", "map"})


class QueryError(UsageError):
    """The expression is wrong; the text shows where."""


class _Functions(functions.Functions):
    """The standard functions and ours. Null goes through, so that a projection need not filter."""

    def __init__(self, captured_at: str) -> None:
        super().__init__()
        self._now = parse_time(captured_at)

    @functions.signature({"types": ["string", "null"]})
    def _func_age(self, time: str | None) -> float | None:
        moment = parse_time(time)
        if moment is None or self._now is None:
            return None
        return (self._now - moment).total_seconds()

    @functions.signature({"types": ["number", "null"]})
    def _func_duration(self, seconds: float | None) -> str | None:
        return None if seconds is None else human_duration(seconds)

    @functions.signature({"types": ["number", "null"]})
    def _func_size(self, size: float | None) -> str | None:
        return None if size is None else human_size(size)

    @functions.signature({"types": ["array"]})
    def _func_unique(self, rows: list[Any]) -> list[Any]:
        kept: list[Any] = []
        seen: set[bytes] = set()
        for row in rows:
            key = msgspec.json.encode(row, order="sorted")
            if key not in seen:
                seen.add(key)
                kept.append(row)
        return kept


class _TooLargeError(Exception):
    """The evaluation takes or makes more than is sensible."""


class _Interpreter(visitor.TreeInterpreter):
    """jmespath's own, with an end."""

    def __init__(self, options: jmespath.Options) -> None:
        super().__init__(options)
        self._steps = 0

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        """One node of the expression on one value."""
        self._steps += 1
        found = super().visit(node, *args, **kwargs)
        if self._steps > _MOST_STEPS:
            raise _TooLargeError
        if isinstance(found, list) and len(found) > _LONGEST_LIST:
            raise _TooLargeError
        if isinstance(found, str) and len(found) > _LONGEST_TEXT:
            raise _TooLargeError
        return found

    def visit_comparator(self, node: Any, value: Any) -> Any:
        """Compares; two large structures would be gone through once for each place."""
        for child in node["children"]:
            _bounded(self.visit(child, value))
        return super().visit_comparator(node, value)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        """Calls; `to_string`, `contains` and `unique` go through all of their arguments."""
        if node["value"] in _OPEN_ALL:
            for child in node["children"]:
                _bounded(self.visit(child, value))
        return super().visit_function_expression(node, value)


def _bounded(answer: Any) -> Any:
    """The answer itself; what it holds is counted once for each place where it stands."""
    left = _MOST_VALUES
    waiting = [answer]
    while waiting:
        one = waiting.pop()
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        left -= 1 + len(inner)
        if left < 0:
            raise _TooLargeError
        waiting.extend(each for each in inner if isinstance(each, dict | list))
    return answer


def ask(document: Any, expression: str) -> Any:
    """The result of the expression on the document; QueryError (exit 2) with the column."""
    compiled = parse(expression)
    metadata = document.get("metadata") if isinstance(document, dict) else None
    captured_at = metadata.get("capturedAt", "") if isinstance(metadata, dict) else ""
    options = jmespath.Options(custom_functions=_Functions(captured_at))
    try:
        return _bounded(_Interpreter(options).visit(compiled.parsed, document))
    except _TooLargeError:
        raise _at(expression, 0, "its result is too large") from None
    except exceptions.ArityError as error:
        name = str(error.function_name)
        text = f"{name}() takes {error.expected_arity} arguments, not {error.actual_arity}"
        raise _at(expression, _position(expression, name), text) from None
    except exceptions.JMESPathTypeError as error:
        name = str(error.function_name)
        wanted = " or ".join(str(each) for each in error.expected_types)
        text = f"{name}() needs {wanted}, but got {error.actual_type}"
        raise _at(expression, _position(expression, name), text) from None
    except (exceptions.JMESPathError, ValueError, TypeError, RecursionError):
        raise _at(expression, 0, "it cannot be evaluated") from None


def parse(expression: str) -> Any:
    """The compiled expression; QueryError where its syntax or a function's name is wrong."""
    if not expression.strip():
        raise QueryError("--query needs an expression, such as 'restarts[].cause'")
    if len(expression) > _LONGEST_EXPRESSION:
        raise QueryError(f"--query is longer than {_LONGEST_EXPRESSION} characters")
    try:
        with warnings.catch_warnings():
            # `word` without quotes is an old spelling of a string that shells like best.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            compiled = jmespath.compile(expression)
        unknown = _unknown_function(compiled.parsed)
        misplaced = _misplaced_expression(compiled.parsed)
    except exceptions.IncompleteExpressionError:
        raise _at(expression, len(expression), "the expression ends too early") from None
    except exceptions.LexerError as error:
        position = int(error.lexer_position or 0)
        raise _at(expression, position, "what starts here cannot be read") from None
    except exceptions.ParseError as error:
        position = int(error.lex_position or 0)
        raise _at(expression, position, "this was not expected here") from None
    except (exceptions.JMESPathError, ValueError, RecursionError):
        raise _at(expression, 0, "the expression cannot be read") from None
    if unknown is not None:
        raise _at(expression, _position(expression, unknown), f"unknown function {unknown}()")
    if misplaced:
        text = "&expression is only an argument of sort_by, min_by, max_by and map"
        raise _at(expression, max(0, expression.find("&")), text)
    return compiled


def _misplaced_expression(node: Any, allowed: bool = False) -> bool:
    """Whether an expression type (`&name`) stands where it would become a result."""
    if not isinstance(node, dict):
        return False
    if node.get("type") == "expref" and not allowed:
        return True
    takes = node.get("type") == "function_expression" and node.get("value") in _TAKE_EXPRESSIONS
    return any(_misplaced_expression(child, takes) for child in node.get("children", ()))


def _unknown_function(node: Any) -> str | None:
    """The first function in the syntax tree that there is none of, also where it never runs."""
    if not isinstance(node, dict):
        return None
    if node.get("type") == "function_expression":
        name = str(node.get("value"))
        if name not in _Functions.FUNCTION_TABLE:
            return name
    found = (_unknown_function(child) for child in node.get("children", ()))
    return next((name for name in found if name is not None), None)


def _position(expression: str, function: str) -> int:
    """The column at which the function is called first."""
    return max(0, expression.find(f"{function}("))


def _at(expression: str, position: int, text: str) -> QueryError:
    """Both lines are escaped first, so that the caret stands below its character."""
    shown, before = clean(expression), clean(expression[:position])
    caret = " " * len(before) + "^"
    return QueryError(
        f"invalid --query at column {position + 1}: {clean(text, 200)}\n  {shown}\n  {caret}"
    )


def result_table(value: Any) -> str:
    """A list of objects (its keys are the headers), of lists or of scalars; one object is a row."""
    rows = value if isinstance(value, list) else [value]
    if not rows:
        return ""
    if all(isinstance(row, Mapping) for row in rows):
        keys = list(dict.fromkeys(key for row in rows for key in row))
        body = [[_cell(row.get(key)) for key in keys] for row in rows]
        return "\n".join(aligned([key.upper() for key in keys], body)) + "\n"
    if all(isinstance(row, list) for row in rows):
        width = max(len(row) for row in rows)
        body = [[_cell(each) for each in row] + [""] * (width - len(row)) for row in rows]
        return "\n".join(aligned([], body)) + "\n"
    if any(isinstance(row, Mapping | list) for row in rows):
        raise UsageError(
            "-o table needs a list of objects or a list of lists; this query gives a mixture"
        )
    return "\n".join(aligned([], [[_cell(row)] for row in rows])) + "\n"


def result_text(value: Any) -> str:
    """For a shell: a scalar bare, a list one item a line, an inner list by tabs; null is nothing.

    Each value stays whole, in one line; an object stands as JSON in one line.
    """
    if value is None:
        return ""
    rows = value if isinstance(value, list) else [value]
    return "".join(
        ("\t".join(map(_bare, row)) if isinstance(row, list) else _bare(row)) + "\n" for row in rows
    )


def _cell(value: Any) -> str:
    return NONE if value is None or value == "" else _bare(value)


def _bare(value: Any) -> str:
    if isinstance(value, str):
        return clean(value, max(1, len(value)))
    if value is None:
        return ""
    if isinstance(value, Mapping | list):
        return clean_json(" ".join(line.strip() for line in to_json(value).split("\n")).strip())
    return to_json(value).strip()
