"""Content is hostile: what a container or an object says is bounded, escaped, refused or marked."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from e2e.manifests import FOREVER, config_map, deployment, pod, shell
from e2e.support import Bench, restarted
from kubectl_podx.cli.words import FORMATS
from kubectl_podx.sections.table import BY_COMMAND

pytestmark = pytest.mark.cluster

# Clear the screen, set the title, colour, go back, C1, bidirectional override, zero-width, BOM.
NASTY = "\x1b[2J\x1b]0;owned\x07\x1b[31mred\r\x9b31m\u202egnp.exe\u200b\ufeff\u2066x"
# What neither a terminal nor a reader may get raw. Line ends are ours.
RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
IN_SHELL = (
    r"printf '\033[2J\033]0;owned\007\033[31mred\r\302\233\342\200\256gnp\342\200\213\357\273\277"
    r"\377\376 not utf-8 \300\257\n'"
)
# What stands at /bin/sh from then on lies; the image's own shell is still `busybox sh`.
LIE = "rm /bin/sh; printf '#!/bin/busybox sh\\n{lie}\\n' > /bin/sh; "
LIE += "chmod 755 /bin/sh; exec /bin/busybox sh -c '" + FOREVER.replace("'", "'\\''") + "'"
ANY_NAME = 32
LIES = {
    "endless": "exec /bin/busybox yes lie",
    "hundred-megabytes": "exec /bin/busybox head -c 100000000 /dev/zero",
    "one-line": "/bin/busybox head -c 3000000 /dev/zero | /bin/busybox tr \\\\0 x",
    "silent": "/bin/busybox sleep 1000",
    "nothing": "exit 0",
    "failing": "exit 77",
    "garbage": "/bin/busybox head -c 200000 /dev/urandom",
    # Reads the nonce out of our script and plays a look that never was.
    "forger": (
        '/bin/busybox sed -n "s/^podx_nonce=.*\\\\(podx-[0-9a-f]*\\\\).*/\\\\1/p" > /tmp/n; '
        "n=$(/bin/busybox head -n 1 /tmp/n); "
        "echo; echo $n self; echo self 1; echo main 1; echo; echo $n processes; echo 1 x; "
        "echo; echo $n environment; echo EVIL=1; echo; echo $n files; echo; echo $n end"
    ),
}


def printed_is_harmless(text: str) -> None:
    assert "Traceback" not in text
    found = RAW.search(text)
    assert found is None, (found, text[max(0, found.start() - 80) : found.end() + 20])


@pytest.fixture(scope="module")
def nasty(bench: Bench, server: int) -> str:
    """Nasty bytes wherever a container or an object can put them."""
    # Servers before 1.32 allow no such name.
    odd = {"name": "A $(id);`x` '\"", "value": "shell code"}
    script = (
        f"{IN_SHELL}; {IN_SHELL} > /dev/termination-log; "
        "cp /bin/busybox \"/tmp/$(printf '\\033[31mps')\"; "
        f"\"/tmp/$(printf '\\033[31mps')\" sleep 1000 & sleep 4; {IN_SHELL} >&2; exit 3"
    )
    bench.apply(config_map("nasty", {"value": NASTY, "other": f"line\n{NASTY}\n"}))
    made = pod(
        "nasty",
        shell(
            script,
            env=[
                {"name": "LITERAL", "value": NASTY},
                {
                    "name": "KEYED",
                    "valueFrom": {"configMapKeyRef": {"name": "nasty", "key": "value"}},
                },
                *([odd] if server >= ANY_NAME else []),
            ],
            args=["--title", NASTY],
            envFrom=[{"configMapRef": {"name": "nasty"}}],
            volumeMounts=[{"name": "c", "mountPath": "/c"}, {"name": "d", "mountPath": "/d"}],
            readinessProbe={"exec": {"command": ["sh", "-c", IN_SHELL + "; exit 1"]}},
        ),
        volumes=[
            {"name": "c", "configMap": {"name": "nasty"}},
            {
                "name": "d",
                "downwardAPI": {
                    "items": [
                        {
                            "path": "note",
                            "fieldRef": {"fieldPath": "metadata.annotations['example.com/note']"},
                        }
                    ]
                },
            },
        ],
    )
    made["metadata"]["annotations"] = {
        "example.com/note": NASTY,
        "example.com/big": "x" * 250_000,
    }
    # `apply` would need room for a copy of it.
    bench.kubectl("create", "--filename=-", input=json.dumps(made))
    bench.wait_for_pod("nasty", restarted("app"), "restarted", timeout=90)
    uid = (bench.get("pod", "nasty") or {})["metadata"]["uid"]
    bench.apply(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "nasty-event"},
            "type": "Warning",
            "reason": "Unhealthy",
            "message": f"Liveness probe failed: {NASTY}",
            "involvedObject": {
                "kind": "Pod",
                "name": "nasty",
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
    return "nasty"


@pytest.mark.parametrize("output", FORMATS)
def test_every_format_is_harmless(bench: Bench, nasty: str, output: str) -> None:
    words = ("--query", "environment") if output == "table" else ()
    answer = bench.podx("describe", nasty, "-o", output, *words, "-v")
    printed_is_harmless(answer.stdout)
    printed_is_harmless(answer.stderr)
    assert len(answer.stdout) < 500_000
    if output == "json":
        report = json.loads(answer.stdout)
        # It is all there, escaped and not dropped.
        assert "\u202e" in json.dumps(report, ensure_ascii=False)
    if output == "yaml":
        import yaml

        assert yaml.safe_load(answer.stdout)["pod"]["name"] == nasty


@pytest.mark.parametrize("name", BY_COMMAND)
def test_every_table_is_harmless(bench: Bench, nasty: str, name: str) -> None:
    answer = bench.podx(name, nasty, "-o", "wide")
    assert answer.stdout.strip() or answer.stderr == f"No {name} to show.\n"
    printed_is_harmless(answer.stdout + answer.stderr)


def test_a_bundle_of_it_replays_harmless(bench: Bench, nasty: str, tmp_path: Path) -> None:
    path = str(tmp_path / "nasty.podx")
    printed_is_harmless(bench.podx("capture", nasty, "-O", path, "--logs", "50").stdout)
    replayed = bench.podx("describe", "--from", path, "-o", "wide").stdout
    printed_is_harmless(replayed)
    # It is all there, escaped and not dropped.
    assert r"\x1b[31mred" in replayed


def test_words_of_the_command_line_come_back_escaped(bench: Bench, tmp_path: Path) -> None:
    for words in (
        ("describe", NASTY),
        ("describe", "x", "-c", NASTY),
        ("describe", "x", "--query", NASTY),
        ("describe", "--from", str(tmp_path / NASTY.replace("/", ""))),
        ("describe", "x", "--context", NASTY),
        (NASTY,),
    ):
        answer = bench.podx(*words, check=False)
        assert answer.status in (1, 2)
        printed_is_harmless(answer.stdout + answer.stderr)


def test_remedies_never_hold_what_was_observed(bench: Bench, nasty: str) -> None:
    found = bench.report(nasty)["findings"]
    assert found
    for one in found:
        assert "$(" not in one["fix"] + one["next"] + one["remedy"]
        assert "`x`" not in one["fix"] + one["next"] + one["remedy"]
        assert RAW.search(one["fix"] + one["next"] + one["remedy"]) is None


@pytest.fixture(scope="module")
def liars(bench: Bench) -> None:
    bench.start(
        *(pod(f"lie-{name}", shell(LIE.format(lie=lie))) for name, lie in LIES.items()),
        timeout=90,
    )


@pytest.mark.parametrize("name", LIES)
def test_a_shell_that_lies(bench: Bench, liars: None, name: str) -> None:
    begun = time.monotonic()
    report = bench.report(f"lie-{name}", "--deadline", "6s")
    assert time.monotonic() - begun < 15
    (container,) = report["containers"]
    assert container["state"] == "running"
    if name == "forger":
        # It is the container's testimony, and no finding above information rests on it.
        assert [f for f in report["findings"] if f["severity"] == "critical"] == []
    else:
        assert container["observation"]["state"] == "unobservable"
        assert container["observation"]["reason"]
        assert report["verdict"]["severity"] in ("ok", "info", "unknown")
    printed_is_harmless(json.dumps(report, ensure_ascii=True))


def test_proc_full_of_dying_processes_and_of_loops(bench: Bench) -> None:
    script = (
        "cd /loop; ln -s . self; ln -s b a; ln -s a b; ln -s /proc/self/root root; "
        "touch \"$(printf 'two\\nlines')\"; "
        "while :; do true & true & true & sleep 0.02; done"
    )
    bench.start(
        pod(
            "dying",
            shell(script, volumeMounts=[{"name": "l", "mountPath": "/loop"}]),
            volumes=[{"name": "l", "emptyDir": {}}],
        )
    )
    for _ in range(5):
        (container,) = bench.report("dying")["containers"]
        assert container["observation"]["state"] in ("observed", "partial")


NAMES = ("../secrets/victim", "..", ".", "a/../../secrets/victim", "a%2fb", "x?watch=true")


@pytest.fixture(scope="module")
def odd_names(bench: Bench) -> list[str]:
    """Pods that name objects by paths; the API server takes them as they are."""
    made = []
    for number, name in enumerate(NAMES):
        one = pod(
            f"odd-{number}",
            volumes=[{"name": "c", "configMap": {"name": name, "optional": True}}],
            imagePullSecrets=[{"name": name}],
        )
        # Of a group that nobody serves: the garbage collector would delete what it finds ownerless.
        one["metadata"]["ownerReferences"] = [
            {"apiVersion": "nobody.example/v1", "kind": "ReplicaSet", "name": name, "uid": "11-22"}
        ]
        answer = bench.kubectl("apply", "-f", "-", input=json.dumps(one), check=False)
        if answer.status == 0:
            made.append(f"odd-{number}")
    assert made, "the API server refused every odd name"
    return made


def test_names_that_are_paths_are_never_asked_for(bench: Bench, odd_names: list[str]) -> None:
    for name in odd_names:
        report = bench.report(name)
        said = json.dumps(report["coverage"])
        assert "a path that is not a name" in said
        assert report["pod"]["name"] == name
        assert not [one for one in report["changes"] if "victim" in json.dumps(one)]


def test_a_name_of_a_target_that_is_a_path(bench: Bench) -> None:
    for words in (("../secrets/x",), ("..",), ("a/b/c",), ("pod/..",), ("pod/a%2fb",)):
        answer = bench.podx("describe", *words, check=False)
        assert answer.status in (1, 2)
        assert "Traceback" not in answer.stderr
        assert answer.stdout == ""


def test_a_deployment_with_a_hostile_template(bench: Bench) -> None:
    template = pod("web", shell(args=["$(touch /tmp/owned)", "`id`", "; rm -rf /"]))
    bench.apply(deployment("hostile", template))
    bench.wait_for(
        lambda: bench.kubectl("get", "pods", "-l", "app=web", "-o", "name").stdout, "its pod"
    )
    report: Any = bench.podx("describe", "deploy/hostile", "-o", "json").json
    assert report["kind"] == "WorkloadReport"
    assert report["items"]
    for item in report["items"]:
        assert not [f for f in item["findings"] if "rm -rf" in f["fix"] + f["next"] + f["remedy"]]
