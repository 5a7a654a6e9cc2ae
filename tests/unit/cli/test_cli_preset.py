"""`kubectl podx preset`: previews and policies of files, wrong files, the program for diffs."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import capture
from kit.cli_runs import Run
from kubectl_podx.capture.bundle import write_bundle
from kubectl_podx.capture.presets import read_presets, read_subjects
from kubectl_podx.cli.explain import NOTE
from kubectl_podx.model.errors import InputError

PRESET = """\
apiVersion: settings.k8s.io/v1alpha1
kind: PodPreset
metadata:
  name: allow-database
spec:
  selector:
    matchLabels:
      role: frontend
  env:
    - name: DB_PORT
      value: "6379"
  volumeMounts:
    - mountPath: /cache
      name: cache-volume
  volumes:
    - name: cache-volume
      emptyDir: {}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: website
  labels:
    app: website
    role: frontend
spec:
  containers:
    - name: website
      image: nginx
      ports:
        - containerPort: 80
"""
TEXT = """\
pod website: PodPreset allow-database is applied: 1 volume, 1 variable, 1 mount added
--- as it is written
+++ as it is created
@@ -5,9 +5,20 @@
   labels:
     app: website
     role: frontend
+  annotations:
+    podpreset.admission.kubernetes.io/podpreset-allow-database: ""
 spec:
   containers:
   - name: website
     image: nginx
     ports:
     - containerPort: 80
+    env:
+    - name: DB_PORT
+      value: "6379"
+    volumeMounts:
+    - mountPath: /cache
+      name: cache-volume
+  volumes:
+  - name: cache-volume
+    emptyDir: {}
"""
CONFLICT = """\
pod website: nothing at all is applied of PodPreset allow-database: 1 conflict. \
The pod is created as it is written, without an annotation and without an event
  spec.containers[website].env[DB_PORT]
    PodPreset allow-database: {"name": "DB_PORT", "value": "6379"}
    the pod:                  {"name": "DB_PORT", "value": "5432"}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "preset.yaml").write_text(PRESET)
    (tmp_path / "pod.yaml").write_text(POD)
    env = '\n      env: [{name: DB_PORT, value: "5432"}]'
    (tmp_path / "conflict.yaml").write_text(POD.replace("image: nginx", f"image: nginx{env}"))
    return tmp_path


def preview(files: Path, pod: str = "pod.yaml", preset: str = "preset.yaml") -> tuple[str, ...]:
    return ("preset", "preview", "--preset", str(files / preset), "-f", str(files / pod))


def test_a_preview_is_a_verdict_and_a_diff(run: Run, files: Path) -> None:
    result = run(*preview(files))
    assert (result.status, result.out, result.err) == (0, TEXT, f"{NOTE}\n")


def test_the_page_shows_what_is_printed() -> None:
    page = Path(__file__).resolve().parents[3] / "docs/PODPRESET.md"
    assert TEXT in page.read_text()


def test_a_conflict_has_both_sides_and_no_diff(run: Run, files: Path) -> None:
    result = run(*preview(files, "conflict.yaml"))
    assert (result.status, result.out) == (0, CONFLICT)
    assert run(*preview(files, "conflict.yaml"), "--exit-code").status == 3
    assert run(*preview(files), "--exit-code").status == 0


def test_the_merged_pod_as_a_document(run: Run, files: Path) -> None:
    result = run(*preview(files), "-o", "yaml")
    merged = yaml.safe_load(result.out)
    assert merged == json.loads(run(*preview(files), "-o", "json").out)
    assert merged["spec"]["containers"][0]["env"] == [{"name": "DB_PORT", "value": "6379"}]
    assert result.err.startswith(f"{NOTE}\npod website: PodPreset allow-database is applied")
    unchanged = yaml.safe_load(run(*preview(files, "conflict.yaml"), "-o", "yaml").out)
    assert unchanged == yaml.safe_load((files / "conflict.yaml").read_text())


def test_several_pods_are_a_list_and_workloads_stand_for_their_pods(run: Run, files: Path) -> None:
    template = {"metadata": {"labels": {"role": "frontend"}}, "spec": {"containers": []}}
    workload = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": template}}
    cron = {"kind": "CronJob", "metadata": {"name": "c"}}
    cron["spec"] = {"jobTemplate": {"spec": {"template": template}}}
    every = [yaml.safe_load(POD), workload, cron]
    (files / "all.yaml").write_text(yaml.safe_dump_all(every))
    result = run(*preview(files, "all.yaml"), "-o", "json")
    document = json.loads(result.out)
    assert document["kind"] == "List"
    assert [each["kind"] for each in document["items"]] == ["Pod"] * 3
    assert document["items"][1]["metadata"]["generateName"] == "web-"
    assert "pods of Deployment web: " in result.err
    assert "pods of CronJob c: " in result.err


def test_why_no_preset_selects_a_pod(run: Run, files: Path) -> None:
    (files / "other.yaml").write_text(POD.replace("frontend", "back"))
    assert run(*preview(files, "other.yaml")).out == (
        "pod website: nothing is applied: no PodPreset selects it\n"
        "  PodPreset allow-database: it asks for role=frontend (the pod has back)\n"
    )


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("podpreset.admission.kubernetes.io/exclude", 'exclude is "true"'),
        ("kubernetes.io/config.mirror", "mirror pod"),
    ],
)
def test_a_pod_that_is_left_out(run: Run, files: Path, key: str, says: str) -> None:
    body = yaml.safe_load(POD)
    body["metadata"]["annotations"] = {key: "true"}
    (files / "out.yaml").write_text(yaml.safe_dump(body))
    (line,) = run(*preview(files, "out.yaml")).out.splitlines()
    assert line.startswith("pod website: nothing is applied: ")
    assert says in line


def test_several_presets_say_whose_each_entry_is(run: Run, files: Path) -> None:
    second = PRESET.replace("allow-database", "second").replace("DB_PORT", "OTHER")
    (files / "both.yaml").write_text(f"{PRESET}---\n{second}")
    out = run(*preview(files, preset="both.yaml")).out
    assert out.startswith(
        "pod website: PodPresets allow-database, second are applied: "
        "1 volume, 2 variables, 1 mount added\n"
    )
    assert "  spec.containers[website].env[OTHER] by second\n" in out


def test_env_from_that_is_lost_is_told(run: Run, files: Path) -> None:
    preset = yaml.safe_load(PRESET)
    preset["spec"]["envFrom"] = [{"configMapRef": {"name": "c", "optional": True}}]
    (files / "from.yaml").write_text(yaml.safe_dump(preset))
    body = yaml.safe_load(POD)
    body["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "c"}}]
    (files / "has.yaml").write_text(yaml.safe_dump(body))
    result = run(*preview(files, "has.yaml", "from.yaml"), "--exit-code")
    assert result.status == 3
    assert "envFrom of these containers becomes empty" in result.out
    assert "spec.containers[website].envFrom[configMap c]" in result.out


def test_the_program_of_kubectl_external_diff(run: Run, files: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    program = tmp_path / "differ"
    program.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        "before, after = sys.argv[-2:]\n"
        "names = [[p.name for p in pathlib.Path(d).iterdir()] for d in (before, after)]\n"
        "text = [pathlib.Path(before, names[0][0]).read_text(),"
        " pathlib.Path(after, names[1][0]).read_text()]\n"
        f"json.dump([sys.argv[1:-2], before, names, text], open({str(seen)!r}, 'w'))\n"
        "sys.exit(1)\n"
    )
    program.chmod(0o755)
    words = f"{program} -u --color=always ;rm $(x)"
    result = run(*preview(files), KUBECTL_EXTERNAL_DIFF=words)
    assert result.status == 0
    assert result.out == TEXT.splitlines()[0] + "\n"
    arguments, folder, names, (before, after) = json.loads(seen.read_text())
    # As kubectl: an argument with other signs than letters, digits, - and = is left out.
    assert arguments == ["-u", "--color=always"]
    assert names == [["v1.Pod..website"]] * 2
    assert "DB_PORT" not in before
    assert "DB_PORT" in after
    assert Path(folder).name.startswith("LIVE-")
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("program", "says"),
    [("false-is-no-program", "cannot be run"), ("sh -c", "ended with exit status")],
)
def test_a_program_that_fails(run: Run, files: Path, program: str, says: str) -> None:
    result = run(*preview(files), KUBECTL_EXTERNAL_DIFF=program)
    assert result.status == 1
    assert says in result.err


def test_a_policy_and_its_binding(run: Run, files: Path) -> None:
    result = run("preset", "convert", "--preset", str(files / "preset.yaml"), "-n", "shop")
    assert (result.status, result.err) == (0, "")
    policy, binding = yaml.safe_load_all(result.out)
    assert (policy["kind"], binding["kind"]) == (
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    )
    assert policy["metadata"]["name"] == binding["spec"]["policyName"]
    assert "# - No annotation is left on the pod." in result.out
    as_json = run(
        "preset", "convert", "--preset", str(files / "preset.yaml"), "-n", "shop", "-ojson"
    )
    assert json.loads(as_json.out)["items"] == [policy, binding]


def test_a_file_that_names_no_namespace(run: Run, files: Path) -> None:
    result = run("preset", "convert", "--preset", str(files / "preset.yaml"))
    assert "# - The file names no namespace: it is taken to be default. Set -n." in result.out
    (files / "named.yaml").write_text(PRESET.replace("metadata:", "metadata:\n  namespace: own"))
    named = run("preset", "convert", "--preset", str(files / "named.yaml"), "-n", "shop")
    policy = next(yaml.safe_load_all(named.out))
    assert policy["metadata"]["name"] == "podpreset-own-allow-database"


def test_text_that_is_no_utf8_is_refused(run: Run, files: Path) -> None:
    (files / "half.yaml").write_text(PRESET.replace('"6379"', '"\\ud800"'))
    result = run("preset", "convert", "--preset", str(files / "half.yaml"))
    assert (result.status, result.out) == (1, "")


@pytest.mark.parametrize(
    ("line", "status", "says"),
    [
        ("preset", 2, "Missing argument"),
        ("preset show", 2, "is not one of 'preview', 'convert'"),
        ("preset preview", 2, "you must name a pod"),
        ("preset preview -f pod.yaml", 2, "-f asks no cluster: name the presets with --preset"),
        ("preset preview web -f pod.yaml --preset preset.yaml", 2, "name either a TARGET or"),
        ("preset preview --preset - -f -", 2, "standard input can be read only once"),
        ("preset preview --preset - --preset - -f pod.yaml", 2, "standard input can be read"),
        ("preset convert", 2, "preset convert needs --preset FILE"),
        ("preset convert web --preset preset.yaml", 2, "preset convert takes presets only"),
        ("preset convert --preset preset.yaml -o text", 2, "prints yaml or json, not text"),
        ("preset convert --preset none.yaml", 1, "cannot read 'none.yaml': no such file"),
        ("preset convert --preset pod.yaml", 1, "no PodPreset in 'pod.yaml'"),
        ("preset preview --preset preset.yaml -f preset.yaml", 1, "no Pod in 'preset.yaml', nor"),
        ("preset preview --preset bad.yaml -f pod.yaml", 1, "metadata.name is missing"),
        ("preset preview --preset new.yaml -f pod.yaml", 1, "of an apiVersion that podx does not"),
        ("describe -f preset.yaml", 1, "see 'kubectl podx preset --help'"),
    ],
)
def test_wrong_words_and_files(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, line: str, status: int, says: str
) -> None:
    (files / "bad.yaml").write_text(PRESET.replace("allow-database", '"a\\eb"'))
    (files / "new.yaml").write_text(PRESET.replace("v1alpha1", "v1"))
    monkeypatch.chdir(files)
    result = run(*line.split(" "))
    assert (result.status, result.out) == (status, "")
    assert says in result.err
    assert "\x1b" not in result.err


def test_hostile_text_of_a_file_is_escaped(run: Run, files: Path) -> None:
    (files / "pod.yaml").write_text(POD.replace("name: website\n", 'name: "w\\e[31m\\u202e"\n'))
    for output in ("text", "yaml", "json"):
        result = run(*preview(files), "-o", output)
        assert result.status == 0
        assert "\x1b" not in result.out + result.err
        assert "\u202e" not in result.out + result.err


def test_the_story_of_the_kind(run: Run) -> None:
    for word in ("PodPreset", "podpresets"):
        result = run("explain", word)
        assert result.status == 0
        assert "removed in 1.20" in result.out
        assert "preset convert" in result.out


def bundle_of(tmp_path: Path, value: str) -> str:
    """A bundle of the sealed pod with this value of DB_PORT and the presets of its namespace."""
    pod: dict[str, Any] = yaml.safe_load(POD)
    pod["metadata"] |= {"namespace": "shop", "managedFields": [{"manager": "x"}], "uid": "u"}
    pod["spec"]["containers"][0]["env"] = [{"name": "DB_PORT", "value": value}]
    pod["status"] = {"phase": "Running"}
    preset = {**yaml.safe_load(PRESET), "apiVersion": "redhatcop.redhat.io/v1alpha1"}
    preset["metadata"] |= {"namespace": "shop", "resourceVersion": "9"}
    path = tmp_path / "one.podx"
    write_bundle(capture([pod], lists={"PodPreset/shop": [preset]}), path)
    return str(path)


def test_a_captured_pod_and_the_presets_of_its_namespace(run: Run, tmp_path: Path) -> None:
    result = run("preset", "preview", "--from", bundle_of(tmp_path, "6379"))
    assert (result.status, result.err) == (0, "")
    assert '+    podpreset.admission.kubernetes.io/podpreset-allow-database: "9"' in result.out
    assert "status" not in result.out
    assert "managedFields" not in result.out


def test_a_hidden_value_makes_the_answer_unknown(run: Run, tmp_path: Path) -> None:
    result = run("preset", "preview", "--from", bundle_of(tmp_path, "<hidden>"), "--exit-code")
    assert result.status == 5
    assert "hidden values keep it from being told" in result.out
    assert "(a hidden value: they may be the same)" in result.out


def test_injected_takes_a_file_with_presets(run: Run, files: Path) -> None:
    annotations = 'annotations: {podpreset.admission.kubernetes.io/podpreset-allow-database: "7"}'
    marked = POD.replace("  labels:", f"  {annotations}\n  labels:").replace(
        "image: nginx", 'image: nginx\n      env: [{name: DB_PORT, value: "6379"}]'
    )
    (files / "marked.yaml").write_text(marked)
    words = ("--preset", str(files / "preset.yaml"), "-o", "json", "--query", "injections")
    result = run("injected", "-f", str(files / "marked.yaml"), *words)
    assert result.status == 0
    rows = {row["path"]: row for row in json.loads(result.out)}
    assert rows["spec.containers[website].env[DB_PORT]"]["by"] == "PodPreset allow-database"
    assert run("injected", "-f", "x", "--preset", str(files / "pod.yaml")).status == 1


def test_a_live_pods_secret_never_comes_out_of_a_preset_of_the_cluster() -> None:
    from kubectl_podx.capture.seal import Sealer
    from kubectl_podx.model.reference import Reference

    body = yaml.safe_load(PRESET)
    body["spec"]["env"] = [{"name": "DB_PASSWORD", "value": "canary-value"}]
    page = json.dumps({"kind": "PodPresetList", "items": [body]}).encode()
    sealer = Sealer()
    kept = sealer.keep(Reference("PodPreset", "shop", "x"), body).body
    assert "canary-value" not in json.dumps([kept, sealer.open_list("PodPreset", "", [page])])


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            SCALARS | st.sampled_from(["kind", "spec", "metadata", "env", "name"]), inner
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    TREES | st.fixed_dictionaries({"kind": st.sampled_from(["PodPreset", "Pod", "Job"])}),
    TREES,
    st.binary(max_size=40),
)
def test_odd_files_are_read_or_refused(tmp_path: Path, tree: Any, spec: Any, tail: bytes) -> None:
    if isinstance(tree, dict) and "kind" in tree:
        tree["spec"] = spec
    data = yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass") + tail
    path = tmp_path / "odd.yaml"
    path.write_bytes(data)
    for read in (lambda: read_presets([str(path)]), lambda: read_subjects(str(path))):
        found: Any = []
        with contextlib.suppress(InputError):
            found = read()
        # What was read can be written as JSON, and comes out as it is.
        assert json.dumps(found, allow_nan=False)[0] == "["


def test_standard_input(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(PRESET.encode())

    monkeypatch.setattr(sys, "stdin", Stdin())
    result = run("preset", "preview", "--preset", "-", "-f", str(files / "pod.yaml"))
    assert (result.status, result.out) == (0, TEXT)
