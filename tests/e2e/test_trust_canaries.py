"""No output of any command, in any form, holds a value that is not for showing."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from e2e.canaries import CANARIES, FORMS, forms, leaks, objects
from e2e.faulty_proxy import Fault, FaultyProxy
from e2e.manifests import account, allow, secret
from e2e.support import Answer, Bench, restarted
from kubectl_podx.cli.words import FORMATS
from kubectl_podx.sections.table import BY_COMMAND

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def canary(bench: Bench) -> str:
    bench.apply(objects())
    bench.wait_for_pod("canary", restarted("crashing"), "crashing once", timeout=90)
    # From here on files and environments hold what the Secret no longer says.
    kept = objects()[0]
    changed = secret("canary", {"rotated": CANARIES["Secret that changed since"]})
    bench.apply({**kept, "data": {**kept["data"], **changed["data"]}})
    # An event that repeats a value, as a failing hook or a broken probe makes one.
    uid = (bench.get("pod", "canary") or {})["metadata"]["uid"]
    bench.apply(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "canary-event"},
            "type": "Warning",
            "reason": "Unhealthy",
            "message": f"refused {CANARIES['Secret, as variable, file and argument']}, "
            f"{CANARIES['literal password']} and {CANARIES['Secret, short']}",
            "involvedObject": {
                "kind": "Pod",
                "name": "canary",
                "namespace": bench.namespace,
                "uid": uid,
                "fieldPath": "spec.containers{app}",
            },
            "firstTimestamp": "2026-01-01T00:00:00Z",
            "lastTimestamp": "2026-01-01T00:00:00Z",
            "source": {"component": "kubelet"},
            "count": 1,
        }
    )
    return "canary"


def clean(answer: Answer) -> str:
    printed = answer.stdout + answer.stderr
    assert printed.strip()
    assert "Traceback" not in printed
    assert leaks(printed) == []
    return printed


def test_the_search_itself_finds_what_it_looks_for(bench: Bench, canary: str) -> None:
    """A canary that no reader of the cluster could see would prove nothing."""
    everything = bench.kubectl("get", "pod,secret,configmap,event", "--output=yaml").stdout
    everything += bench.kubectl("logs", canary, "--container=app").stdout
    everything += bench.exec(canary, "sh", "-c", "cat /vault/token; cat /s/*", container="app")
    everything += bench.exec(
        canary, "sh", "-c", "tr '\\0' '\\n' < /proc/1/environ", container="app"
    )
    # A shell as PID 1 does not write a later export back: it is in its children.
    everything += bench.exec(
        canary, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'", container="app"
    )
    config = bench.get("secret", "canary-registry") or {}
    everything += base64.b64decode(config["data"][".dockerconfigjson"]).decode()
    assert sorted(leaks(everything)) == sorted(FORMS)
    assert all(len(forms(value)) >= 5 for value in CANARIES.values())


@pytest.mark.parametrize("output", FORMATS)
def test_the_whole_report_in_every_format(bench: Bench, canary: str, output: str) -> None:
    words = ("--query", "@") if output == "table" else ()
    clean(bench.podx("describe", canary, "-o", output, *words, check=False))


@pytest.mark.parametrize("name", BY_COMMAND)
def test_each_section(bench: Bench, canary: str, name: str) -> None:
    clean(bench.podx(name, canary, "-o", "wide", check=False))


@pytest.mark.parametrize(
    "words",
    [
        ("-v",),
        ("-v", "--logs", "1000"),
        ("--no-exec", "-v"),
        ("-c", "app", "-o", "yaml"),
        ("-c", "nobody"),
        ("--deadline", "300ms", "-v"),
        ("--deadline", "1ms"),
        ("--query", "nonsense("),
        ("--query", "environment[].[name,injected,process,current]", "-o", "json"),
        ("--section", "files,environment", "-o", "json"),
        ("--token", "canary-literal-77ab", "-s", "https://127.0.0.1:9"),
        ("--run-probes", "--probe-runs", "1", "-v"),
        ("--run-probes", "--probe-runs", "1", "-o", "json"),
        ("--section", "injections", "-o", "json", "-v"),
    ],
    ids=" ".join,
)
def test_other_words_and_errors(bench: Bench, canary: str, words: tuple[str, ...]) -> None:
    clean(bench.podx("describe", canary, *words, check=False))


@pytest.mark.parametrize("fault", [Fault(hang=True), Fault(reply=(500, {}, b"boom"))])
def test_a_secret_that_is_not_read_in_time_takes_the_text_with_it(
    bench: Bench, canary: str, tmp_path: Path, fault: Fault
) -> None:
    """What it holds cannot be removed from logs, events and messages: none of them shows."""
    with FaultyProxy(bench, tmp_path) as proxy:
        proxy.break_("/secrets/canary", fault)
        words = ("--kubeconfig", proxy.kubeconfig(), "--deadline", "8s", "-v", "--logs", "1000")
        for output in ("wide", "json", "html"):
            printed = clean(bench.podx("describe", canary, *words, "-o", output))
            assert "are withheld" in printed
        report = bench.podx("describe", canary, *words, "-o", "json").json
    said = {(row["section"], row["needs"]) for row in report["coverage"]}
    hint = "a longer --deadline" if fault.hang else "a run that can read Secret canary"
    assert {("restarts", hint), ("timeline", hint)} <= said


def test_a_wrong_kubeconfig_is_not_quoted(bench: Bench, tmp_path: Path) -> None:
    value = CANARIES["literal password"]
    for number, text in enumerate(
        (
            f"users: [{{name: x, user: {{token: [{value}]}}}}]",
            f"users: {{{value}: 1}}",
            f"{value}: [",
            f"apiVersion: {value}{value}\nkind: Secret",
            f'clusters: [{{name: c, cluster: {{certificate-authority-data: "{value}!"}}}}]',
        )
    ):
        path = tmp_path / f"config-{number}"
        path.write_text(text)
        answer = bench.podx("describe", "x", "--kubeconfig", str(path), check=False)
        assert answer.status == 1
        if "apiVersion" not in text:
            clean(answer)


def test_bundles_and_what_is_made_of_them(bench: Bench, canary: str, tmp_path: Path) -> None:
    path = tmp_path / "incident.podx"
    clean(bench.podx("capture", canary, "-O", str(path), "--logs", "1000", "-v"))
    assert leaks(gzip.decompress(path.read_bytes()).decode()) == []
    assert path.stat().st_mode & 0o777 == 0o600
    for output in ("text", "wide", "json", "yaml", "html", "mermaid"):
        clean(bench.podx("describe", "--from", str(path), "-o", output))
    # With all that a bundle can hold, and beside the pod as it is now.
    whole = tmp_path / "whole.podx"
    words = ("--include-logs", "--include-values")
    clean(bench.podx("capture", canary, "-O", str(whole), *words))
    assert leaks(gzip.decompress(whole.read_bytes()).decode()) == []
    for output in ("text", "wide", "json", "yaml"):
        clean(bench.podx("compare", "--from", str(whole), canary, "-o", output))


@pytest.mark.parametrize("output", ["text", "wide", "json", "yaml", "name"])
def test_triage(bench: Bench, canary: str, output: str) -> None:
    assert canary in clean(bench.podx("triage", "--exec", "2", "-o", output))


def test_presets_on_the_pod(bench: Bench, canary: str, tmp_path: Path) -> None:
    """A preset of one's own is printed back; what is the pod's is not."""
    preset = tmp_path / "preset.yaml"
    preset.write_text(
        "apiVersion: settings.k8s.io/v1alpha1\nkind: PodPreset\nmetadata: {name: p}\n"
        "spec: {selector: {}, env: [{name: DB_PORT, value: '6379'}]}\n"
    )
    for output in ("text", "json", "yaml"):
        words = ("preview", "--preset", str(preset), canary, "-o", output)
        clean(bench.podx("preset", *words, check=False))
    clean(bench.podx("injected", canary, "--preset", str(preset), "-o", "json"))


def test_saved_manifests(bench: Bench, canary: str, tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text(
        bench.kubectl("get", "pod", canary, "--output=yaml").stdout
        + "---\n"
        + bench.kubectl("get", "secret", "canary", "--output=yaml").stdout
    )
    for output in ("wide", "json"):
        assert f"{bench.namespace}" in clean(bench.podx("describe", "-f", str(path), "-o", output))
    report = bench.podx("describe", "-f", str(path), "-o", "json").json
    assert (report["metadata"]["source"], report["pod"]["name"]) == ("manifest", canary)


def test_doctor_and_who_may_less(bench: Bench, canary: str) -> None:
    """Whoever may not read the Secret gets it by no other way either."""
    bench.apply(
        account(
            "less",
            allow("get", "pods pods/log configmaps"),
            allow("list", "events"),
            allow("get create", "pods/exec"),
        )
    )
    user = f"system:serviceaccount:{bench.namespace}:less"
    clean(bench.podx("doctor", canary))
    clean(bench.podx("doctor", canary, "--as", user, "-o", "json"))
    answer = bench.podx("describe", canary, "--as", user, "-o", "json", "--no-logs")
    report = answer.json
    assert {one["state"] for one in report["files"] if one["source"]["kind"] == "Secret"} == {
        "denied"
    }
    known = "Secret, as variable, file and argument"
    values = [one for one in leaks(answer.stdout) if not one.startswith("Secret")]
    assert values == [], known


def test_secrets_are_compared_all_the_same(bench: Bench, canary: str) -> None:
    report = bench.report(canary, "-c", "app")
    variables = {one["name"]: one for one in report["environment"]}
    assert variables["FROM_SECRET"]["state"] == "current"
    assert variables["DERIVED"]["state"] == "current"
    assert variables["ALL_rotated"]["state"] == "frozen"
    assert variables["DB_PASSWORD"]["injected"] == "<hidden>"
