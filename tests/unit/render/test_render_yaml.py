"""YAML that YAML 1.1 and 1.2 readers take for the same document."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.render.document import plain, to_kyaml, to_yaml
from kubectl_podx.sections.report import PodReport

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_what_was_written_is_read_again(value: object) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize(
    "word",
    [
        "1e3", "y", "N", "yes", "on", "Off", "0o17", "017", "0x1f", "1_000", "12:30:45", "~",
        "null", "true", ".inf", "-", "- a", "a: b", "a #b", "#a", "&a", "*a", "!a", "%a", "@a",
        "`a", "{a", "[a", "|", ">", "'a", '"a', "a ", " a", "", "2026-11-23", "a:", "=", "<<",
        "a\nb", "?", "? a", "1.5", "+1", "NaN", "Infinity",
    ],
)  # fmt: skip
def test_a_word_that_another_reader_takes_for_something_else_is_quoted(word: str) -> None:
    written = to_yaml({"k": word}).removeprefix("k: ").rstrip("\n")
    assert written.startswith('"')
    assert yaml.safe_load(to_yaml({"k": word})) == {"k": word}


@pytest.mark.parametrize("word", ["web-0", "/etc/app.conf", "nginx:1.27", "exec cat /tmp/x", "a=b"])
def test_plain_words_stay_plain(word: str) -> None:
    assert to_yaml({"k": word}) == f"k: {word}\n"


def test_a_report_is_the_same_document_in_yaml(report: PodReport) -> None:
    assert yaml.safe_load(to_yaml(report)) == plain(report)
    assert to_yaml(report).startswith("apiVersion: podx/v1\nkind: PodReport\nmetadata:\n")


@given(DOCUMENTS)
def test_kyaml_is_read_again_too(value: object) -> None:
    assert yaml.safe_load(to_kyaml(value)) == value


def test_kyaml_has_brackets_quotes_and_commas() -> None:
    document = {"kind": "Pod", "no": ["a", 1], "items": [{"y": None}, {"b-c": {}}], "none": []}
    assert to_kyaml(document) == (
        '---\n{\n  kind: "Pod",\n  "no": [\n    "a",\n    1,\n  ],\n'
        '  items: [{\n    "y": null,\n  }, {\n    b-c: {},\n  }],\n  none: [],\n}\n'
    )


def test_a_report_is_the_same_document_in_kyaml(report: PodReport) -> None:
    assert yaml.safe_load(to_kyaml(report)) == plain(report)
