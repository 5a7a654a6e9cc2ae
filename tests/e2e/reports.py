"""What tests ask a report with: rows by their fields, findings by code, and health."""

from __future__ import annotations

from typing import Any


def rows(report: Any, section: str, **wanted: Any) -> list[Any]:
    """The rows of a section whose fields have these values."""
    return [row for row in report[section] if all(row.get(key) == v for key, v in wanted.items())]


def row(report: Any, section: str, **wanted: Any) -> Any:
    """The one row of a section whose fields have these values."""
    found = rows(report, section, **wanted)
    assert len(found) == 1, (wanted, found or report[section])
    return found[0]


def codes(report: Any, severity: str = "") -> set[str]:
    """The codes of the findings, of one severity or of all."""
    return {one["code"] for one in report["findings"] if severity in ("", one["severity"])}


def finding(report: Any, code: str, word: str = "") -> Any:
    """The one finding of this code, with this word in title or evidence."""
    found = [
        one
        for one in report["findings"]
        if one["code"] == code and word in " ".join([one["title"], *one["evidence"]])
    ]
    assert len(found) == 1, (code, word, report["findings"])
    return found[0]


def looks(report: Any) -> dict[str, str]:
    """Container -> how far it was looked into."""
    return {one["name"]: one["observation"]["state"] for one in report["containers"]}


def states(report: Any, section: str = "files", by: str = "path", **wanted: Any) -> dict[str, str]:
    """Path (or name) -> state."""
    return {one[by]: one["state"] for one in rows(report, section, **wanted)}


def assert_healthy(report: Any) -> None:
    """A healthy, ordinary pod: looked into, and nothing at all to say about it."""
    assert report["verdict"]["severity"] == "ok", (report["verdict"], report["findings"])
    assert report["findings"] == []
    assert set(looks(report).values()) <= {"observed", "unobservable"}


def troubles(report: Any) -> list[str]:
    """The titles of findings that are more than information."""
    return [one["title"] for one in report["findings"] if one["severity"] != "info"]


def titled(report: Any, *words: str) -> Any:
    """The one finding whose title has all of these words."""
    found = [one for one in report["findings"] if all(word in one["title"] for word in words)]
    assert len(found) == 1, (words, [one["title"] for one in report["findings"]])
    return found[0]
