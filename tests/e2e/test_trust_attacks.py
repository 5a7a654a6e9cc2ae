"""Pods made to hurt whoever looks at them: each is looked at, and nothing comes of it.

What was found by attack once: looks that ran for minutes, answers of half a gigabyte, reasons that
were not true. All of them run at once, and each is asked about in every way that reads from inside.
"""

from __future__ import annotations

import resource
from typing import Any

import pytest

from e2e.manifests import pod, shell
from e2e.support import Bench, Manifest, container_status
from e2e.test_trust_hostile import printed_is_harmless

pytestmark = pytest.mark.cluster

MOST_MEMORY = 300 << 10
"""KiB that any run of podx may take, and any kubectl beside it."""
STAY = "exec sleep 99999"
# A busybox of another name, while what the image calls by the names of its tools does harm.
KEEP = "B=/kept/busybox; /bin/busybox mkdir -p /kept; /bin/busybox cp /bin/busybox $B; "
NESTED: dict[str, Any] = {
    "volumeMounts": [
        {"name": "config", "mountPath": "/cfg"},
        {"name": "scratch", "mountPath": "/cfg/nest"},
    ]
}
VOLUMES: list[Manifest] = [
    {"name": "config", "configMap": {"name": "attacked"}},
    {"name": "scratch", "emptyDir": {}},
]
TRAPS = r"""
cd /cfg/nest; mkfifo fifo; mknod device c 1 5 2>/dev/null
ln -s /proc/1/environ environ; ln -s /proc/self/mem memory; ln -s /etc/shadow shadow
ln -s . loop; ln -s / everything; echo hi > "-rf"
echo x > "$(printf "x\ny\033[31m")"; echo a > "$(printf "q\047\042\140id\140\044(id)")"
"""
EVIL_NAME = r'"$(printf "/tmp/e\nv\033[31mil")"'


def memory(size: str) -> dict[str, Any]:
    return {"resources": {"limits": {"memory": size}}}


def replaced(tool: str, body: str) -> str:
    """The tool does this from now on, and the container stays."""
    script = f"#!/kept/busybox sh\n{body}\n"
    return (
        f"{KEEP} $B rm -f /bin/{tool}; $B cat > /bin/{tool} <<'EOF'\n{script}EOF\n"
        f"$B chmod 755 /bin/{tool}; exec $B sleep 99999"
    )


# An answer of our own form, with more variables than any environment has.
FORGED = r"""
n=
while read -r l; do case $l in podx_nonce=*) n=${l#podx_nonce=}; break;; esac; done
printf '\n%s start\n\n%s cgroup\nversion v1\nlean 0\n\n%s self\nmain 1\nself 1\n' $n $n $n
printf 'shared 0\nroot \nleft_out 0\nshell \n\n%s environment\n' $n
/kept/busybox seq 1 700000 | /kept/busybox sed 's/^/V/;s/$/=x/' | /kept/busybox tr '\n' '\0'
printf '\n%s end\n' $n
"""
DEAF = "trap '' TERM INT HUP PIPE"
CONTAINERS: dict[str, Manifest] = {
    "nest": shell(TRAPS + STAY, **NESTED),
    "sparse": shell(f"truncate -s 200G /cfg/nest/big; {STAY}", **NESTED, **memory("128Mi")),
    "gibibyte": shell(
        f"dd if=/dev/zero of=/cfg/nest/big bs=1M count=1024 2>/dev/null; {STAY}",
        **NESTED,
        **memory("128Mi"),
    ),
    "many-files": shell(
        "cd /cfg/nest; i=0; while [ $i -lt 20000 ]; do : > file-with-a-rather-long-name-$i; "
        f"i=$((i+1)); done; {STAY}",
        **NESTED,
        **memory("64Mi"),
    ),
    "processes": shell(
        "i=0; while [ $i -lt 200 ]; do sleep 88888 & i=$((i+1)); done; "
        f"cp /bin/busybox {EVIL_NAME}; {EVIL_NAME} sleep 777 & wait",
        env=[{"name": "EVIL", "value": "\x1b[31m\u202eevil\r\nX"}],
    ),
    "half-full": shell(
        'x=$(head -c 14000000 /dev/zero | tr "\\0" a); while :; do sleep 1000; done',
        **memory("48Mi"),
    ),
    "deaf-stat": shell(replaced("stat", f"{DEAF}; sleep 5555; sleep 5555"), **NESTED),
    "deaf-cat": shell(replaced("cat", f"{DEAF}; sleep 4444; sleep 4444")),
    "endless-cat": shell(replaced("cat", "while :; do echo $$ $PPID aaaaaaaaaaaaaaaaaaaa; done")),
    "deaf-shell": shell(replaced("sh", f"{DEAF}; while :; do /kept/busybox sleep 1000; done")),
    "closed-shell": shell(replaced("sh", "exec 1>&- 2>&-; exec /kept/busybox sleep 600")),
    "flooding-shell": shell(replaced("sh", f"while :; do echo {'x' * 100}; done")),
    "forging-shell": shell(replaced("sh", FORGED)),
    "logs": shell(
        r'printf "\033]0;pwn\007\033[2J\n"; head -c 3000000 /dev/zero | tr "\0" x; echo; '
        r'printf "\342\200\256rtl\r\nfake: ok\n"; '
        r'printf "\033[31m<script>alert(1)</script>" > /dev/termination-log; exec sleep 99999'
    ),
}


@pytest.fixture(scope="module")
def attackers(bench: Bench) -> dict[str, int]:
    """Every one of them, running: by name, how often it has been started again."""
    keys = {f"key-{number:03}-{'n' * 200}": f"v{number}" for number in range(300)}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "attacked"}}
    bench.apply({**config, "data": {"k": "v", ".dot": "y", **keys}})
    bench.apply([pod(f"attack-{name}", one, volumes=VOLUMES) for name, one in CONTAINERS.items()])
    for name in CONTAINERS:
        bench.wait_for_pod(f"attack-{name}", _runs, "to run", timeout=150)
    return {name: restart_count(bench, f"attack-{name}") for name in CONTAINERS}


def restart_count(bench: Bench, name: str) -> int:
    found: int = container_status(bench.get("pod", name) or {}, "app")["restartCount"]
    return found


def _runs(body: Manifest) -> bool:
    several = body.get("status", {}).get("containerStatuses", [])
    return bool(several) and all("running" in each["state"] for each in several)


@pytest.mark.parametrize("name", CONTAINERS)
def test_whoever_looks_is_not_hurt_and_hurts_nobody(
    bench: Bench, attackers: dict[str, int], name: str
) -> None:
    target = f"attack-{name}"
    document = bench.podx("describe", target, "--deadline", "9s", "-o", "json")
    everything = bench.podx("describe", target, "--deadline", "9s", "-o", "wide", "-v")
    for answer in (document, everything):
        printed_is_harmless(answer.stdout)
        printed_is_harmless(answer.stderr)
    # Where the tools of the image lie, it says what happened, not that the runtime refused.
    (one,) = document.json["containers"]
    assert "refused" not in one["observation"]["reason"]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < MOST_MEMORY
    assert restart_count(bench, target) == attackers[name]
