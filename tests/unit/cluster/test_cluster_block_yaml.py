"""The plain part of YAML means what PyYAML says, or is left to it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubectl_podx.cluster.full_yaml import documents
from kubectl_podx.cluster.plain_yaml import block_document, load_documents
from kubectl_podx.model.errors import BadYamlError

_WRITTEN_BY_KUBECTL = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {data}
    server: https://127.0.0.1:6443
    tls-server-name: "api.example"
  name: one
- cluster:
    server: https://10.0.0.1:6443
    tls-server-name: 10.0.0.1
  name: 10.0.0.1:6443
- cluster:
    insecure-skip-tls-verify: true
    server: http://[::1]:8080
  name: two
contexts:
- context:
    cluster: one
    namespace: default
    user: me@example.com
  name: me@one
current-context: me@one
kind: Config
preferences: {{}}
users:
- name: me@example.com
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args:
      - get-token
      - --login
      env: null
      command: /usr/bin/tool
    client-key-data: {data}
"""

_KEYS = st.sampled_from(["a", "b-c", "name", "on", "null", "y"])
# Between bars, as some of them end in a blank.
_VALUES = st.sampled_from([
    "", "x", "/p", "true", "No", "y", "null", "Null", "~", "12", "1e3", "0x1", "2020-01-02",
    "{}", "[]", "[a]", "{a: b}", "'s'", '"q"', '"', ">", "&a x", "*a", "!!str 1", "a:b", "a: b",
    "a:", "a b", "a #c", "a#c", "#c", "- x", "-", "-x", "--x", "---", "-1", "? a", "%x", "@x",
    "`x", "=", "<<", "a,b", ".inf", "1:20", "tRue", "TRUE", "x ", "a\tb", "ü", "/", "-/", "-y",
    "--", "10.0.0.1", "10.0.0.1:6443", "1.2.3", "1.2", "1.2.3.4.5", "1:2.3", "192.168.0.10:59",
])  # fmt: skip


@st.composite
def _line(draw: st.DrawFn) -> str:
    indent = " " * draw(st.integers(0, 5))
    dash = draw(st.sampled_from(["", "", "- ", "-  ", "-"]))
    value = draw(_VALUES)
    if draw(st.booleans()):
        value = f"{draw(_KEYS)}:{draw(st.sampled_from(['', ' ', '  ']))}{value}"
    return indent + dash + value


def _full(text: str) -> Any:
    try:
        return documents(text, first_only=True)
    except BadYamlError:
        return "none"


@settings(max_examples=1500)
@given(st.lists(_line(), max_size=7).map("\n".join))
@example("a:\n- b: x\n  c:\n- d: y\n")
@example("a:\n  - x\n - y\n")
@example("a: x\n  b: y\n")
@example("a:\n- x\n  b: y\n")
@example("- a: x\n- - b\n")
@example("a: x\n---\nb: y\n")
@example("a: x\n...\n")
@example("a: x\na: y\n")
@example("a: http://x\r\n")
def test_what_is_read_here_pyyaml_reads_alike(text: str) -> None:
    found = block_document(text)
    assert found is None or [found] == _full(text)


@given(st.binary(min_size=1, max_size=80))
def test_a_kubeconfig_as_kubectl_writes_it_needs_no_library(data: bytes) -> None:
    text = _WRITTEN_BY_KUBECTL.format(data="LS0t" + base64.b64encode(data).decode())
    # The address `[::1]` is left to PyYAML.
    simple = text.replace("[::1]", "localhost")
    assert [block_document(simple)] == _full(simple)
    assert block_document(text) is None
    assert load_documents(text.encode(), first_only=True) == _full(text)


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "null\n", "word\n"])
def test_what_is_no_mapping_or_list_is_left_alone(text: str) -> None:
    assert block_document(text) is None
