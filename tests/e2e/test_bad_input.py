"""Wrong words, broken kubeconfigs, absent servers: one line in kubectl's words, no traceback."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from e2e.manifests import FOREVER, account, allow, deployment, pod, shell
from e2e.support import Answer, Bench

pytestmark = pytest.mark.cluster


def refused(answer: Answer, status: int, *words: str) -> None:
    assert answer.status == status, answer.stderr
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    for word in words:
        assert word in answer.stderr
    assert len(answer.stderr.strip().splitlines()) <= 3, answer.stderr


def config(bench: Bench, tmp_path: Path, **changes: str) -> str:
    """The cluster's kubeconfig with some of its cluster's or user's fields changed."""
    document = yaml.safe_load(bench.kubectl("config", "view", "--raw", "--minify").stdout)
    for key, value in changes.items():
        document["clusters"][0]["cluster"][key.replace("_", "-")] = value
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document))
    path.chmod(0o600)
    return str(path)


def test_an_unknown_pod(bench: Bench) -> None:
    answer = bench.podx("describe", "nobody", check=False)
    refused(answer, 1, 'Error from server (NotFound): pods "nobody" not found')


def test_a_mistyped_name_is_answered_with_one_that_is_there(bench: Bench) -> None:
    bench.apply(deployment("storefront", pod("storefront", shell(FOREVER)), replicas=0))
    answer = bench.podx("describe", "storfront", check=False)
    assert answer.status == 1
    assert answer.stderr.endswith('pods "storfront" not found\nDid you mean deploy/storefront?\n')


def test_an_unknown_namespace_reads_as_an_unknown_pod(bench: Bench) -> None:
    answer = bench.podx("describe", "nobody", "-n", "nowhere", check=False)
    refused(answer, 1, "(NotFound)")


def test_an_unknown_context(bench: Bench) -> None:
    answer = bench.podx("describe", "x", "--context", "nope", check=False)
    refused(answer, 1, 'error: context "nope" does not exist')


def test_an_unknown_flag_and_command(bench: Bench) -> None:
    refused(bench.podx("describe", "x", "--nope", check=False), 2, "--nope")
    refused(bench.podx("descrbe", "x", check=False), 2, "describe")


def test_a_broken_query_points_at_the_column(bench: Bench) -> None:
    answer = bench.podx("describe", "x", "--query", "pod.[", check=False)
    refused(answer, 2, "column", "^")


def test_an_unknown_section_and_format(bench: Bench) -> None:
    refused(bench.podx("describe", "x", "--section", "nope", check=False), 2, "nope")
    answer = bench.podx("describe", "x", "-o", "nope", check=False)
    refused(answer, 2, "unable to match a printer", "json")


def test_an_unknown_container_is_told_the_known_ones(bench: Bench) -> None:
    bench.start(pod("one"))
    refused(bench.podx("describe", "one", "-c", "nope", check=False), 1, "nope", "app")


def test_an_empty_kubeconfig(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    answer = bench.podx("describe", "x", "--kubeconfig", str(path), check=False)
    refused(answer, 1, "localhost:8080")


def test_a_kubeconfig_that_is_not_there(bench: Bench, tmp_path: Path) -> None:
    answer = bench.podx("describe", "x", "--kubeconfig", str(tmp_path / "no"), check=False)
    refused(answer, 1, "no such file or directory")


def test_an_unreachable_server(bench: Bench, tmp_path: Path) -> None:
    path = config(bench, tmp_path, server="https://127.0.0.1:9")
    answer = bench.podx("describe", "x", "--kubeconfig", path, check=False)
    refused(answer, 1, "The connection to the server 127.0.0.1:9 was refused")


def test_a_wrong_token(bench: Bench, tmp_path: Path) -> None:
    document = yaml.safe_load(bench.kubectl("config", "view", "--raw", "--minify").stdout)
    document["users"][0]["user"] = {"token": "nonsense"}
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document))
    answer = bench.podx("describe", "x", "--kubeconfig", str(path), check=False)
    refused(answer, 1, "You must be logged in to the server")
    assert "nonsense" not in answer.stderr


def test_a_certificate_of_somebody_else(bench: Bench, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    assert openssl
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-noenc",
            "-subj",
            "/CN=other",
            "-keyout",
            str(tmp_path / "k"),
            "-out",
            str(tmp_path / "ca"),
        ],
        check=True,
        capture_output=True,
    )
    document = yaml.safe_load(bench.kubectl("config", "view", "--raw", "--minify").stdout)
    cluster = document["clusters"][0]["cluster"]
    cluster.pop("certificate-authority-data")
    cluster["certificate-authority"] = str(tmp_path / "ca")
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document))
    answer = bench.podx("describe", "x", "--kubeconfig", str(path), check=False)
    refused(answer, 1, "certificate signed by unknown authority")


def test_a_pod_that_may_not_be_read(bench: Bench) -> None:
    bench.apply(account("nobody", allow("get", "configmaps")))
    user = f"system:serviceaccount:{bench.namespace}:nobody"
    answer = bench.podx("describe", "one", "--as", user, check=False)
    refused(answer, 1, "Error from server (Forbidden)", "pods")


def test_a_selector_that_matches_nothing(bench: Bench) -> None:
    answer = bench.podx("describe", "-l", "app=nobody")
    assert "No resources found" in answer.stderr


def test_a_deadline_holds(bench: Bench) -> None:
    answer = bench.podx("describe", "one", "--deadline", "1ms", check=False)
    assert answer.status == 1
    assert "Traceback" not in answer.stderr
    assert answer.stderr.strip()
