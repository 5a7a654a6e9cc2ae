"""What the image promises: the archive runs without root, without a home, on a read-only root."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from e2e.manifests import pod, shell
from e2e.support import Bench, waiting
from install.conftest import ROOT

NAME = "podx-triage"


def test_the_recipe_takes_what_make_dist_makes() -> None:
    recipe = (ROOT / "packaging/Containerfile").read_text()
    pattern = re.search(r"^ADD (\S+)", recipe, re.MULTILINE)
    assert pattern
    assert list(ROOT.glob(pattern[1]))
    assert "USER 65532:65532" in recipe


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a mount read-only")
def test_it_runs_as_nobody_on_a_read_only_root(archive: Path, tmp_path: Path) -> None:
    missing = [tool for tool in ("unshare", "setpriv") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"there is no {missing[0]} here")
    shutil.unpack_archive(archive, tmp_path)
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    program = tmp_path / "kubectl-podx"
    read_only = "mount -o remount,bind,ro /"
    as_nobody = "exec setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{read_only} && {as_nobody} "$@"', "sh",
         str(program), "demo"],
        env={"PATH": "/usr/bin:/bin"}, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "liveness probe" in done.stdout


@pytest.fixture
def bench(binaries: Path) -> Iterator[Bench]:
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("there is no cluster: KUBECONFIG is not set")
    bench = Bench(str(binaries / "kubectl"), f"test-image-{secrets.token_hex(3)}")
    bench.kubectl("create", "namespace", bench.namespace)
    try:
        bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
        yield bench
    finally:
        bench.kubectl("delete", "namespace", bench.namespace, "--wait=false")


@pytest.mark.skipif(sys.platform != "linux", reason="the image is one for Linux")
def test_the_job_runs_the_image_as_its_manifest_says(bench: Bench, archive: Path) -> None:
    """Without root, on a read-only root, with no right but those of the manifest."""
    assert archive.exists()
    reference = "podx.test/podx:under-test"
    loaded = subprocess.run(
        [sys.executable, str(ROOT / "hack/cluster"), "load-podx", reference],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if loaded.returncode != 0 and "only " in loaded.stderr:
        # A borrowed cluster, or a node that is no part of this machine.
        pytest.skip(f"this cluster takes no image of ours: {loaded.stderr.strip()}")
    assert loaded.returncode == 0, loaded.stderr
    bench.apply(pod("broken", shell("exit 3")))
    bench.wait_for_pod("broken", waiting("app", "CrashLoopBackOff"), "in back-off")
    printed = bench.podx("triage", "--job-manifest", "--shards", "2", "--image", reference)
    view = bench.kubectl("config", "view", "--minify", "-o", "json").json
    address = urlsplit(view["clusters"][0]["cluster"]["server"])
    bench.wait_for(lambda: bench.get("namespace", NAME) is None, "an earlier run is gone")
    try:
        for one in _documents(printed.stdout):
            if one["kind"] == "Job":
                spec = one["spec"]["template"]["spec"]
                assert spec["securityContext"]["runAsNonRoot"] is True
                # The image's own user is what makes the kubelet accept it.
                del spec["securityContext"]["runAsUser"]
                # A cluster without kube-proxy has no address of the Service `kubernetes`.
                spec["hostNetwork"] = True
                (container,) = spec["containers"]
                assert container["securityContext"]["readOnlyRootFilesystem"] is True
                container["imagePullPolicy"] = "Never"
                container["env"] = [
                    {"name": "KUBERNETES_SERVICE_HOST", "value": address.hostname},
                    {"name": "KUBERNETES_SERVICE_PORT", "value": str(address.port or 443)},
                ]
            bench.kubectl("apply", "-n", NAME, "-f", "-", input=json.dumps(one))

        def completed() -> bool:
            status = (bench.get("job", NAME, "-n", NAME) or {}).get("status", {})
            words = ("logs", "-n", NAME, "-l", f"app={NAME}", "--tail=20")
            assert not status.get("failed"), bench.kubectl(*words, check=False)
            return bool(status.get("succeeded") == 2)

        bench.wait_for(completed, "two completions", timeout=120)
        lines = bench.kubectl("logs", "-n", NAME, "-l", f"app={NAME}", "--tail=-1").stdout
    finally:
        bench.kubectl("delete", "namespace", NAME, "--wait=false", check=False)
        bench.kubectl("delete", "clusterrole,clusterrolebinding", NAME, check=False)
    rows = [json.loads(line).get("row", {}) for line in lines.splitlines()]
    (ours,) = [row for row in rows if row.get("namespace") == bench.namespace]
    assert (ours["name"], ours["cause"]) == ("broken", "exitCode")


def _documents(text: str) -> list[dict[str, Any]]:
    import yaml

    return [one for one in yaml.safe_load_all(text) if one]
