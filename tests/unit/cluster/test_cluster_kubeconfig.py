import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.cluster.access import Access, AccessFlags, resolve_access
from kubectl_podx.cluster.kubeconfig import file_names, load, parse
from kubectl_podx.model.errors import InputError

FIRST = """\
apiVersion: v1
kind: Config
clusters:
- name: shared
  cluster: {server: "https://first.example", certificate-authority: ca/first.crt}
users:
- name: u
  user: {client-certificate: certs/c.crt, client-key: certs/c.key}
contexts:
- name: a
  context: {cluster: shared, user: u, namespace: first}
"""
SECOND = """\
apiVersion: v1
kind: Config
current-context: b
clusters:
- name: shared
  cluster: {server: "https://second.example", insecure-skip-tls-verify: true}
- name: own
  cluster:
    server: https://own.example
    certificate-authority-data: |
      Q0Et
      Q0E=
    tls-server-name: inner
    proxy-url: http://proxy.example:3128
    disable-compression: true
users:
- name: v
  user: {token: "2001-01-01", as: root, as-uid: "7", as-groups: [g], as-user-extra: {k: [p, q]}}
- name: w
  user: {username: me, password: "00123"}
- name: x
  user: {tokenFile: ../token}
contexts:
- name: a
  context: {cluster: own, user: v, namespace: second}
- name: b
  context: {cluster: own, user: v}
- name: c
  context: {cluster: shared, user: w}
- name: d
  context: {cluster: own, user: x, namespace: dd}
"""
THIRD = """\
{"kind": "Config", "apiVersion": "v1", "current-context": "d", "unknown": {"x": 1},
 "preferences": {}, "contexts": null}
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {}
    for name, content in (("first", FIRST), ("second", SECOND), ("third", THIRD)):
        folder = tmp_path / name
        for path in ("ca/first.crt", "certs/c.crt", "certs/c.key"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("x")
        made[name] = folder / "config"
        made[name].write_text(content)
    (tmp_path / "token").write_text("t")
    (tmp_path / "empty").write_text("")
    made["empty"] = tmp_path / "empty"
    made["missing"] = tmp_path / "missing"
    return made


PATHS = {"certificate-authority", "client-certificate", "client-key", "tokenFile"}
CASES = [
    # KUBECONFIG's files, --kubeconfig, --context -> server, namespace, context, file of the paths
    (["first", "second"], None, None, ("https://own.example", "default", "b", "second")),
    (["second", "first"], None, None, ("https://own.example", "default", "b", "second")),
    (["first", "second"], None, "a", ("https://first.example", "first", "a", "first")),
    (["second", "first"], None, "a", ("https://own.example", "second", "a", "second")),
    (["first", "second"], None, "c", ("https://first.example", "default", "c", "first")),
    (["second", "first"], None, "c", ("https://second.example", "default", "c", "second")),
    (["third", "second"], None, None, ("https://own.example", "dd", "d", "second")),
    (
        ["missing", "empty", "second", "second"],
        None,
        None,
        ("https://own.example", "default", "b", "second"),
    ),
    (["third"], "second", None, ("https://own.example", "default", "b", "second")),
    (["second"], None, "d", ("https://own.example", "dd", "d", "second")),
]


def resolve(
    files: dict[str, Path], listed: list[str], explicit: str | None, context: str | None
) -> Access:
    environ = {"KUBECONFIG": os.pathsep.join(str(files[name]) for name in listed)}
    path = str(files[explicit]) if explicit else None
    flags = AccessFlags(kubeconfig=path, context=context)
    return resolve_access(flags, environ, "/nonexistent", service_account="/nonexistent")


@pytest.mark.parametrize(("listed", "explicit", "context", "expected"), CASES)
def test_the_first_value_wins_for_each_entry_and_for_the_current_context(
    files: dict[str, Path],
    listed: list[str],
    explicit: str | None,
    context: str | None,
    expected: tuple[str, str, str, str],
) -> None:
    access = resolve(files, listed, explicit, context)
    assert (access.server, access.namespace, access.context) == expected[:3]
    base = str(files[expected[3]].parent.parent)
    for path in (access.ca_file, access.client_key_file, access.token_file):
        assert not path or path.startswith(base)


def kubectl() -> str | None:
    named = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if named:
        return named
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    built = sorted(
        cache.glob("kubectl-podx/cluster/*/bin/kubectl"), key=lambda path: path.stat().st_mtime
    )
    return str(built[-1]) if built else None


@pytest.mark.parametrize(("listed", "explicit", "context", "expected"), CASES)
def test_kubectl_reads_the_same_files_in_the_same_way(
    files: dict[str, Path],
    listed: list[str],
    explicit: str | None,
    context: str | None,
    expected: tuple[str, str, str, str],
) -> None:
    binary = kubectl()
    if binary is None:
        pytest.skip("there is no kubectl to ask")
    command = [binary, "config", "view", "--minify", "--raw", "-o", "json"]
    command += [f"--kubeconfig={files[explicit]}"] if explicit else []
    command += [f"--context={context}"] if context else []
    environ = {
        "KUBECONFIG": os.pathsep.join(str(files[name]) for name in listed),
        "HOME": str(files["missing"].parent),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        command, env=environ, capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    view = json.loads(done.stdout)
    access = resolve(files, listed, explicit, context)
    cluster, user = view["clusters"][0]["cluster"], view["users"][0]["user"]
    # `config view` prints paths as they stand; what uses them takes them from their own file.
    for entry in (cluster, user):
        for key in PATHS & entry.keys():
            entry[key] = os.path.normpath(files[expected[3]].parent / entry[key])
    chosen = view["contexts"][0]["context"]
    assert view["current-context"] == access.context
    assert chosen.get("namespace", "default") == access.namespace
    assert cluster["server"] == access.server
    told = {
        "certificate-authority": access.ca_file,
        "certificate-authority-data": base64.b64encode(access.ca_data).decode(),
        "insecure-skip-tls-verify": access.insecure,
        "tls-server-name": access.tls_server_name,
        "proxy-url": access.proxy_url,
        "disable-compression": access.disable_compression,
    }
    assert {k: v for k, v in told.items() if v} == {k: v for k, v in cluster.items() if k in told}
    told_user = {
        "client-certificate": access.client_certificate_file,
        "client-key": access.client_key_file,
        "token": access.token,
        "tokenFile": access.token_file,
        "as": access.as_user,
        "as-uid": access.as_uid,
        "as-groups": list(access.as_groups),
        "as-user-extra": {key: list(values) for key, values in access.as_user_extra},
        "username": access.username,
        "password": access.password,
    }
    assert {k: v for k, v in told_user.items() if v} == user


def test_the_files_are_kubeconfig_alone_else_the_variable_else_home() -> None:
    environ = {"KUBECONFIG": os.pathsep.join(["/a", "", "/b", "/a"])}
    assert file_names("/x", environ, "/home/me") == ["/x"]
    assert file_names("", environ, "/home/me") == ["/a", "/b"]
    assert file_names("", {}, "/home/me") == ["/home/me/.kube/config"]


def test_an_explicit_file_must_be_there() -> None:
    with pytest.raises(InputError) as caught:
        load("/nonexistent/config", {}, "/")
    assert str(caught.value) == "stat /nonexistent/config: no such file or directory"


def test_a_folder_is_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load("", {"KUBECONFIG": str(tmp_path)}, "/")
    assert str(caught.value) == (
        f'error loading config file "{tmp_path}": read {tmp_path}: is a directory'
    )


SECRET = "c2VzYW1l-sesame-12345"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[[", "yaml: line 1: cannot be parsed"),
        (f"users: [{{name: u, user: {{token: {SECRET}", "cannot be parsed"),
        ("users:\n- name: q\n  user: {token: 12345}\n", "Expected `str`, got `int`"),
        ("users:\n- name: q\n  user: {password: y}\n", "Expected `str`, got `bool`"),
        (f"clusters: [{{name: c, cluster: {{certificate-authority-data: '{SECRET}'}}}}]", "base64"),
        (f"users: [{{name: u, user: {SECRET}}}]", "Expected `object`, got `str`"),
        ("users: [{name: u}, {name: u}]", 'duplicate name "u" in users'),
        ("apiVersion: v3\nkind: Config\n", 'no kind "Config" is registered for version "v3"'),
        ("kind: Pod\n", 'no kind "Pod"'),
        ("- a\n", "Expected `object`, got `array`"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("x: &a [1]\ny: [" + "*a, " * 30 + "]", "too many aliases"),
        ("a: !!python/object/apply:os.system [x]", "cannot be parsed"),
        ("n: " + "9" * 5000, "cannot be parsed"),
        ("\x00", "cannot be parsed"),
    ],
)  # fmt: skip
def test_a_broken_file_is_an_error_that_quotes_nothing(content: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(content.encode(), "/f")
    text = str(caught.value)
    assert text.startswith('error loading config file "/f": ')
    assert why in text
    assert SECRET not in text
    assert text.isprintable()


def test_a_file_that_is_too_large_or_not_utf8_is_an_error() -> None:
    with pytest.raises(InputError, match="larger than 4 MiB"):
        parse(b"#" * (5 << 20), "/f")
    with pytest.raises(InputError, match="not UTF-8"):
        parse(b"a: \xff", "/f")


@given(st.binary(max_size=300))
def test_no_bytes_make_the_parser_raise_anything_else(content: bytes) -> None:
    try:
        parse(content, "/f")
    except InputError as error:
        said = str(error)
    else:
        said = ""
    assert said.isprintable()
