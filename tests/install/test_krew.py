"""A real krew installs, upgrades and removes the archive; kubectl finds it through krew's link."""

from __future__ import annotations

import concurrent.futures
import functools
import http.server
import io
import json
import os
import re
import secrets
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from install.conftest import ROOT, Run


def krew_env(home: Path) -> dict[str, str]:
    return {"KREW_ROOT": str(home / ".krew"), "KREW_NO_UPGRADE_CHECK": "1"}


@pytest.fixture
def installed(
    binaries: Path, archive: Path, manifest: Path, run: Run, tmp_path: Path
) -> Iterator[Path]:
    """An empty home into which krew has installed the archive."""
    index = tmp_path / "empty-index"
    (index / "plugins").mkdir(parents=True)
    commit(index, None, "empty")
    set_up = {**krew_env(tmp_path), "KREW_DEFAULT_INDEX_URI": f"file://{index}"}
    done = run(binaries / "krew", "update", path=[binaries], home=tmp_path, **set_up)
    assert done.returncode == 0, done.stderr
    done = run(
        binaries / "krew", "install", f"--manifest={manifest}", f"--archive={archive}",
        path=[binaries], home=tmp_path, **krew_env(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    yield tmp_path
    done = run(
        binaries / "krew", "uninstall", "podx", path=[binaries], home=tmp_path, **krew_env(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    left = [path for path in (tmp_path / ".krew").rglob("*") if "podx" in path.name]
    assert left == []


def test_the_manifest_is_as_krews_reviewers_want_it(binaries: Path, manifest: Path) -> None:
    done = subprocess.run(
        [binaries / "validate-krew-manifest", "-manifest", manifest, "-skip-install"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = manifest.read_text()
    short = re.search(r"shortDescription: (.*)", text)
    assert short
    assert len(short[1]) <= 50
    assert "ubernetes" not in short[1]
    assert max(map(len, text.split("description: |")[1].split("platforms:")[0].splitlines())) <= 84


def test_the_reviewers_validator_installs_it(
    binaries: Path, archive: Path, manifest: Path, run: Run, tmp_path: Path
) -> None:
    """As their CI does: it downloads and installs what the manifest names."""
    handler = functools.partial(Quiet, directory=str(archive.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{server.server_address[1]}/{archive.name}"
        path = tmp_path / "podx.yaml"
        path.write_text(re.sub(r"uri: .*", f"uri: {uri}", manifest.read_text()))
        validator = binaries / "validate-krew-manifest"
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/kubectl-krew").symlink_to(binaries / "krew")
        # Its krew wants an index to be there; an empty one will do.
        index = tmp_path / "empty-index"
        (index / "plugins").mkdir(parents=True)
        commit(index, None, "empty")
        env = {"KREW_NO_UPGRADE_CHECK": "1", "KREW_DEFAULT_INDEX_URI": f"file://{index}"}
        where = [tmp_path / "bin", binaries]
        done = run(validator, "-manifest", path, path=where, home=tmp_path, **env)
        server.shutdown()
    assert done.returncode == 0, done.stderr


def test_the_archive_holds_files_and_folders_and_is_small(archive: Path) -> None:
    from distribution import check

    check.check(archive)


def test_kubectl_runs_it_through_krews_link(binaries: Path, installed: Path, run: Run) -> None:
    link = installed / ".krew/bin/kubectl-podx"
    assert link.is_symlink()
    path = [link.parent, binaries]
    version = run("kubectl", "podx", "version", path=path, home=installed)
    assert version.returncode == 0, version.stderr
    demo = run("kubectl", "podx", "demo", path=path, home=installed)
    assert "liveness probe" in demo.stdout
    page = run("kubectl", "podx", "demo", "-o", "html", path=path, home=installed)
    assert page.stdout.startswith("<!doctype html>"), page.stderr
    assert "<svg" in page.stdout


def test_it_describes_a_pod_of_the_real_cluster(binaries: Path, installed: Path, run: Run) -> None:
    config = os.environ.get("KUBECONFIG")
    if not config:
        pytest.skip("there is no cluster: KUBECONFIG is not set")
    from e2e.manifests import pod
    from e2e.support import Bench

    bench = Bench(str(binaries / "kubectl"), f"test-krew-{secrets.token_hex(3)}")
    bench.kubectl("create", "namespace", bench.namespace)
    try:
        bench.wait_for(lambda: bench.get("serviceaccount", "default"), "the default account")
        bench.start(pod("web"))
        path = [installed / ".krew/bin", binaries]
        words = ("describe", "web", "-n", bench.namespace, "-o", "json")
        done = run("kubectl", "podx", *words, path=path, home=installed, KUBECONFIG=config)
    finally:
        bench.kubectl("delete", "namespace", bench.namespace, "--wait=false")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"]["severity"] == "ok"
    assert report["containers"][0]["observation"]["state"] == "observed"


def test_an_upgrade_from_our_own_index(
    binaries: Path, archive: Path, manifest: Path, run: Run, tmp_path: Path
) -> None:
    """`krew index add`, install, a newer version in the index, upgrade."""
    handler = functools.partial(Quiet, directory=str(archive.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{server.server_address[1]}/{archive.name}"
        text = re.sub(r"uri: .*", f"uri: {uri}", manifest.read_text())
        index = tmp_path / "index"
        (index / "plugins").mkdir(parents=True)
        krew = functools.partial(
            run, binaries / "krew", path=[binaries], home=tmp_path, **krew_env(tmp_path)
        )
        commit(index, re.sub(r"version: v.*", "version: v0.0.1", text), "first")
        for words in (("index", "add", "own", f"file://{index}"), ("install", "own/podx")):
            done = krew(*words)
            assert done.returncode == 0, done.stderr
        commit(index, text, "second")
        for again in (("update",), ("upgrade", "podx")):
            done = krew(*again)
            assert done.returncode == 0, done.stderr
        store = tmp_path / ".krew/store/podx"
        (number,) = re.findall(r"version: (v.*)", text)
        assert [path.name for path in store.iterdir()] == [number]
        link = tmp_path / ".krew/bin/kubectl-podx"
        assert link.resolve().parent == store / number
        version = run("kubectl", "podx", "version", path=[link.parent, binaries], home=tmp_path)
        assert version.stdout == f"Podx Version: {number}\n"
        assert krew("list").stdout == "own/podx\n"
        server.shutdown()


def test_the_caveats_install_completion(
    binaries: Path, installed: Path, manifest: Path, run: Run
) -> None:
    """The command that krew prints, as it stands there, and then kubectl's own question."""
    caveats = manifest.read_text().split("caveats: |")[1].split("platforms:")[0]
    (command,) = [line.strip() for line in caveats.splitlines() if "--write" in line]
    link = installed / ".krew/bin"
    path = [link, binaries]
    env = krew_env(installed)
    done = run("sh", "-c", command, path=path, home=installed, **env)
    assert (done.returncode, done.stderr) == (0, "")
    asked = run("kubectl", "__complete", "podx", "desc", path=path, home=installed)
    assert asked.stdout.startswith("describe\t"), asked.stderr
    (link / "kubectl_complete-podx").unlink()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        return


def commit(index: Path, text: str | None, message: str) -> None:
    """A commit of an index of plugins; without a text it has none yet."""
    name, content = ("plugins/podx.yaml", text) if text else ("plugins/.keep", "")
    (index / name).write_text(content)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", message]):
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t.test", *words], cwd=index, check=True
        )


def test_the_frozen_program_gives_the_same_reports_as_the_source(
    binaries: Path, installed: Path, run: Run
) -> None:
    from kubectl_podx.cli.environment import Environment
    from kubectl_podx.cli.funnel import main

    program = installed / ".krew/bin/kubectl-podx"
    recordings = [*ROOT.glob("kubectl_podx/recordings/*.podx"), *ROOT.glob("tests/**/*.podx")]
    assert recordings

    def words(recording: Path) -> tuple[str, ...]:
        return ("describe", "--from", str(recording), "-o", "json")

    def frozen(recording: Path) -> subprocess.CompletedProcess[str]:
        return run(program, *words(recording), path=[binaries], home=installed)

    def source(recording: Path) -> str:
        out = io.StringIO()
        env = Environment(stdout=out, stderr=out, variables={}, home=str(installed))
        assert main(list(words(recording)), env) == 0
        return out.getvalue()

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for recording, done in zip(recordings, pool.map(frozen, recordings), strict=True):
            assert (done.returncode, done.stderr) == (0, ""), recording.name
            assert done.stdout, recording.name
            assert done.stdout == source(recording), recording.name
