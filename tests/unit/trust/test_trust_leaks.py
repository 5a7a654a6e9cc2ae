"""What came out once: digests without a key, folders named by a secret, drivers' maps, lengths."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import msgspec
import pytest

import kit
from kit import absent, raw_look
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.plan import LookOptions, PlannedCall, pod_calls
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.seal_environment import declared_variables
from kubectl_podx.capture.seal_observation import seal_look
from kubectl_podx.model.capture import (
    Capture,
    KeyFacts,
    Observation,
    ObservedFile,
    StoredObject,
)
from kubectl_podx.model.reference import Reference

CANARY = "canary-7f3a-hunter2"
SHORT = "zq7x9"
POD = Reference("Pod", "shop", "web-0")
CONFIG = Reference("ConfigMap", "shop", "web")
SECRET = Reference("Secret", "shop", "login")


def sha(value: str | bytes) -> str:
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def packed(**values: str) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def pod_of(**container: Any) -> dict[str, Any]:
    volumes = [
        {"name": "cfg", "configMap": {"name": "web"}},
        {"name": "sec", "secret": {"secretName": "login"}},
        {"name": "data", "emptyDir": {}},
    ]
    mounts = [
        {"name": "cfg", "mountPath": "/etc/cfg"},
        {"name": "sec", "mountPath": "/etc/sec"},
        {"name": "data", "mountPath": "/etc/cfg/nested"},
    ]
    told = kit.status(kit.running("2026-11-29T21:00:00Z"), containerID="containerd://x")
    app = kit.container("app", status=told, **{"volumeMounts": mounts, **container})
    return kit.pod(app, name=POD.name, namespace=POD.namespace, volumes=volumes)


class World:
    """One pod, its objects, one look. A Secret that is neither given nor `gone` is not there."""

    def __init__(self, pod: dict[str, Any], *bodies: dict[str, Any], **states: Any) -> None:
        self.sealer = Sealer()
        self.objects: dict[str, StoredObject] = {}
        gone = {SECRET: "missing", **states.get("gone", {})}
        for reference, state in gone.items():
            self.objects[reference.key] = absent(reference.key, state)
            if state in ("denied", "missing"):
                self.sealer.without(reference)
        for body in [*bodies, pod]:
            reference = Reference(body["kind"], "shop", body["metadata"]["name"])
            self.objects[reference.key] = self.sealer.keep(reference, body)
        self.pod = self.sealer.raw_pod(POD)

    def look(self, frames: dict[str, str | bytes]) -> Observation:
        whole = {"start": "", "self": "main 1\nself 9\nroot \nshell sh\n", **frames, "end": ""}
        output = b"".join(
            b"\nn %s\n%s" % (name.encode(), each.encode() if isinstance(each, str) else each)
            for name, each in whole.items()
        )
        declared = declared_variables(self.sealer, self.pod, self.objects)
        raw = raw_look(output, since="2026-11-29T21:00:00Z")
        call: PlannedCall = next(
            one for one in pod_calls(POD, self.pod, LookOptions()) if one.kind == "exec"
        )
        return seal_look(
            self.sealer, self.pod, Outcome(call, "ok", answer=raw), self.objects, declared
        )

    def capture(self, observation: Observation) -> Capture:
        return kit.capture_of_store(
            self.objects,
            reference=POD.key,
            uid="u-1",
            captured_at="2026-11-29T21:05:00Z",
            observations=[observation],
        )

    def written(self, observation: Observation) -> str:
        """The bundle and the report."""
        capture = self.capture(observation)
        return (
            msgspec.json.encode(capture).decode() + msgspec.json.encode(analyse(capture)).decode()
        )


def files(**contents: str) -> dict[str, str | bytes]:
    paths = {"/etc/" + name.replace("__", "/"): content for name, content in contents.items()}
    return {
        "mountinfo": "".join(
            f"{n} 1 0:{n} / {path} ro - tmpfs tmpfs rw\n"
            for n, path in enumerate(("/etc/cfg", "/etc/sec", "/etc/cfg/nested"), 50)
        ),
        "files": b"\0".join(path.encode() for path in paths) + b"\0",
        "stats": "".join(f"644 0 0 {len(c)} 1764450000 {path}\n" for path, c in paths.items()),
        "digests": "".join(f"{sha(content)}  {path}\n" for path, content in paths.items()),
    }


CONFIG_BODY = {
    "kind": "ConfigMap",
    "metadata": {"name": "web", "namespace": "shop"},
    "data": {"level": "calm", "admin_password": CANARY},
}
SECRET_BODY = {
    "kind": "Secret",
    "metadata": {"name": "login", "namespace": "shop"},
    "data": packed(password=CANARY),
}


def test_only_a_harmless_key_that_was_read_has_a_plain_digest() -> None:
    world = World(pod_of(), CONFIG_BODY, SECRET_BODY)
    seen = files(
        cfg__level="older",
        cfg__admin_password=CANARY,
        cfg__nested__copy=CANARY,
        cfg__extra=CANARY,
        sec__password=CANARY,
    )
    found = world.look(seen)
    digests = {one.path: one.digest or "" for one in found.files}
    # An older value of the same key: two pods and two captures are compared by it.
    assert digests["/etc/cfg/level"] == f"sha256:{sha('older')}"
    assert [path for path, one in digests.items() if one.startswith("sha256:")] == [
        "/etc/cfg/level"
    ]
    assert sha(CANARY) not in world.written(found)
    keys = world.objects[CONFIG.key].keys or {}
    assert keys["level"].digest == f"sha256:{sha('calm')}"
    assert keys["admin_password"].digest.startswith("keyed:")
    assert digests["/etc/cfg/admin_password"] == keys["admin_password"].digest


@pytest.mark.parametrize("state", ["denied", "missing", "failed", "timedOut"])
def test_what_was_not_read_has_no_plain_digest(state: str) -> None:
    world = World(pod_of(), gone={CONFIG: state, SECRET: state})
    found = world.look(files(cfg__password=CANARY, cfg__level="calm", sec__password=CANARY))
    written = world.written(found)
    assert "sha256:" not in msgspec.json.encode(found).decode()
    assert sha(CANARY) not in written
    assert sha("calm") not in written


def test_a_file_of_another_mount_is_no_key_though_it_lies_over_one() -> None:
    pod = pod_of()
    pod["spec"]["containers"][0]["volumeMounts"].append(
        {"name": "data", "mountPath": "/etc/cfg/level", "subPath": "copy"}
    )
    digests = [
        one.digest or "" for one in World(pod, CONFIG_BODY).look(files(cfg__level=CANARY)).files
    ]
    assert digests
    assert not digests[0].startswith("sha256:")
    # Not in the spec either: mounted by the container itself, and known from mountinfo.
    seen = files(cfg__level=CANARY)
    seen["mountinfo"] = str(seen["mountinfo"]) + "60 1 0:60 / /etc/cfg/level rw - tmpfs tmpfs rw\n"
    (one,) = World(pod_of(), CONFIG_BODY).look(seen).files
    assert (one.digest or "").startswith("keyed:")
    # The same bytes as the key's are the key's.
    same = {**files(cfg__level="calm"), "mountinfo": seen["mountinfo"]}
    assert World(pod_of(), CONFIG_BODY).look(same).files[0].digest == f"sha256:{sha('calm')}"


def test_harmless_keys_compare_across_captures_and_others_do_not() -> None:
    one, other = Sealer(), Sealer()
    first, second = (each.keep(CONFIG, CONFIG_BODY).keys or {} for each in (one, other))
    assert first["level"].digest == second["level"].digest
    assert first["admin_password"].digest != second["admin_password"].digest
    unread = Sealer()
    assert unread.key_digest(CONFIG, "level", sha("calm")).startswith("keyed:")


# -- folders that a variable names ----------------------------------------------------------------


def mounted_by(value: str, *, kind: str = "secretKeyRef", read: bool = True) -> str:
    """The bundle and report of a pod with `subPathExpr: d-$(VAR)/x` and VAR from a Secret."""
    env = [{"name": "VAR", "valueFrom": {kind: {"name": "login", "key": "password"}}}]
    pod = pod_of(env=env)
    app = pod["spec"]["containers"][0]
    app["volumeMounts"] = [
        {"name": "data", "mountPath": "/data", "subPathExpr": "d-$(VAR)/x"},
        {"name": "data", "mountPath": "/var/run/mem", "subPathExpr": "$(VAR)"},
        {"name": "data", "mountPath": "/linked/by/the/image", "subPathExpr": "y-$(VAR)"},
    ]
    written = value.replace(" ", "\\040")
    folder = "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~empty-dir/data"
    table = (
        f"50 1 8:1 {folder}/d-{written}/x /data rw - ext4 /dev/sda1 rw\n"
        f"51 1 0:51 /{written}//deleted /run/mem rw - tmpfs tmpfs rw\n"
        f"52 1 8:1 {folder}/y-{written} /real/place rw - ext4 /dev/sda1 rw\n"
        f"53 1 0:53 /export/d-{written}/x /data rw - nfs server:/export/d-{written} rw\n"
        f"54 1 8:1 /var/lib/elsewhere/d-{written}/x /else rw - ext4 /dev/sda1 rw\n"
    )
    body = {**SECRET_BODY, "data": packed(password=value)}
    world = World(pod, body) if read else World(pod, gone={SECRET: "denied"})
    found = world.look({"mountinfo": table, "environment": f"VAR={value}\0PATH=/bin\0"})
    assert [one.root.endswith("//deleted") for one in found.mounts].count(True) == 1
    assert any(one.root.startswith(folder) for one in found.mounts)
    assert len(found.mounts) == 5
    return world.written(found)


@pytest.mark.parametrize("value", [CANARY, SHORT, "p@ss w\u00f6rd"])
def test_a_folder_named_by_a_secret_does_not_show(value: str) -> None:
    assert value not in mounted_by(value)


def test_neither_does_it_if_the_secret_may_not_be_read() -> None:
    assert CANARY not in mounted_by(CANARY, read=False)


def test_a_folder_named_by_the_pod_stays() -> None:
    env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    pod = pod_of(env=env)
    pod["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "data", "mountPath": "/data", "subPathExpr": "$(POD)"}
    ]
    root = "/volumes/kubernetes.io~empty-dir/data/web-0"
    look: dict[str, str | bytes] = {
        "mountinfo": f"50 1 8:1 {root} /data rw - ext4 /dev/sda1 rw\n",
        "environment": "POD=web-0\0",
    }
    (mount,) = World(pod).look(look).mounts
    assert mount.root == root


# -- maps of a driver's own -----------------------------------------------------------------------


def test_maps_of_drivers_hold_no_secret() -> None:
    pod = pod_of()
    pod["spec"]["volumes"] += [
        {
            "name": "a",
            "csi": {"driver": "d", "volumeAttributes": {"password": CANARY, "share": "x"}},
        },
        {"name": "b", "flexVolume": {"driver": "d", "options": {"apiToken": CANARY, "size": "3"}}},
        {"name": "c", "csi": {"driver": "d", "volumeAttributes": {"url": f"smb://u:{CANARY}@h/s"}}},
        {
            "name": "d",
            "csi": {"driver": "d", "volumeAttributes": {"o": f"username=u,password={CANARY}"}},
        },
    ]
    sealer = Sealer()
    sealer.without(SECRET)
    stored = sealer.keep(POD, pod)
    assert CANARY not in msgspec.json.encode(stored).decode()
    volumes = {one["name"]: one for one in (stored.body or {})["spec"]["volumes"]}
    assert volumes["a"]["csi"]["volumeAttributes"] == {"password": "<hidden>", "share": "x"}
    assert volumes["b"]["flexVolume"]["options"]["size"] == "3"
    assert volumes["sec"] == {"name": "sec", "secret": {"secretName": "login"}}


@pytest.mark.parametrize(
    "spec",
    [
        {"csi": {"driver": "d", "volumeHandle": "h", "volumeAttributes": {"secretKey": CANARY}}},
        {"flexVolume": {"driver": "d", "options": {"nested": {"password": CANARY}}}},
        {"mountOptions": ["username=u", f"password={CANARY}"]},
        {"csi": {"volumeAttributes": {"list": [{"name": "password", "value": CANARY}]}}},
        {"somethingNew": {"parameters": {"adminPassword": CANARY}}},
    ],
)
def test_a_persistent_volume_holds_none_either(spec: dict[str, Any]) -> None:
    reference = Reference("PersistentVolume", "", "pv")
    body = {"kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": spec}
    sealer = Sealer()
    assert CANARY not in msgspec.json.encode(sealer.keep(reference, body)).decode()
    page = msgspec.json.encode({"kind": "PersistentVolumeList", "items": [body]})
    (item,) = sealer.open_list("PersistentVolume", "", [page])
    assert CANARY not in msgspec.json.encode(item).decode()


def test_a_template_and_a_preset_hold_none_either() -> None:
    volume = {"name": "a", "csi": {"driver": "d", "volumeAttributes": {"password": CANARY}}}
    deployment = {
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [], "volumes": [volume]}}},
    }
    preset = {
        "kind": "PodPreset",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"volumes": [volume]},
    }
    for body in (deployment, preset):
        stored = Sealer().keep(Reference(str(body["kind"]), "shop", "x"), body)
        assert CANARY not in msgspec.json.encode(stored).decode()


def test_a_secret_of_known_value_is_scrubbed_from_a_map() -> None:
    sealer = Sealer()
    sealer.keep(SECRET, SECRET_BODY)
    pod = pod_of()
    pod["spec"]["volumes"].append(
        {"name": "a", "csi": {"driver": "d", "volumeAttributes": {"share": f"x-{CANARY}"}}}
    )
    assert CANARY not in msgspec.json.encode(sealer.keep(POD, pod)).decode()


def test_an_argument_that_is_a_secret_goes_whole() -> None:
    """Not only the password that stands in it: all of it is the Secret's value."""
    sealer = Sealer()
    whole = "host=hidden-host;Password=abc12;x=1"
    sealer.keep(SECRET, {**SECRET_BODY, "data": packed(dsn=whole)})
    stored = sealer.keep(POD, pod_of(args=["run", f"--db={whole}"]))
    assert (stored.body or {})["spec"]["containers"][0]["args"] == ["run", "--db=<hidden>"]


# -- hidden values of ConfigMaps and of the pod, in logs ------------------------------------------


def test_hidden_values_of_a_config_map_are_scrubbed_and_its_words_are_not() -> None:
    sealer = Sealer()
    data = {
        "admin_password": CANARY,
        "auth.mode": "kerberos",
        "session-store": "database",
        "app.yaml": "listen: 8080\ndb:\n  password: tr0ubador3\n  host: primary\n",
        "license_key": "XK9Q-77AB-0042",
    }
    body = {"kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}, "data": data}
    sealer.keep(CONFIG, body)
    for value in (CANARY, "tr0ubador3", "XK9Q-77AB-0042"):
        assert value not in sealer.free_text(f"trying {value} now")
        assert value.encode().hex() not in sealer.free_text(value.encode().hex())
    for line in ("kerberos: no such realm", "listen: 8080", "host: primary", "database is down"):
        assert sealer.free_text(line) == line


def test_words_of_literals_stay_in_logs_and_passwords_do_not() -> None:
    sealer = Sealer()
    sealer.without(SECRET)
    env = [
        {"name": "AUTH_MODE", "value": "kerberos"},
        {"name": "TOKEN_PATH", "value": "/var/run/secrets/eks/token"},
        {"name": "DB_PASSWORD", "value": "swordfish"},
    ]
    sealer.keep(POD, pod_of(env=env))
    line = "open /var/run/secrets/eks/token: kerberos failed"
    assert sealer.free_text(line) == line
    assert sealer.free_text("login with swordfish") == "login with <hidden>"


def test_a_variable_of_an_unread_secret_is_scrubbed_from_logs() -> None:
    env = [{"name": "VAR", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}]
    world = World(pod_of(env=env), gone={SECRET: "denied"})
    world.look({"environment": f"VAR={CANARY}\0IMAGE_TOKEN=im4ge-t0ken\0PATH=/usr/bin\0"})
    line = f"VAR is {CANARY}, built with im4ge-t0ken, PATH /usr/bin"
    assert world.sealer.free_text(line) == "VAR is <hidden>, built with <hidden>, PATH /usr/bin"


@pytest.mark.parametrize(
    "value",
    ['{"password":"hunter2"}', "a=1;Password=hunter2;b=2", "Authorization: Bearer hunter2"],
)
def test_a_config_maps_value_with_a_password_in_it_is_not_shown(value: str) -> None:
    env = [{"name": "SETTINGS", "valueFrom": {"configMapKeyRef": {"name": "web", "key": "app"}}}]
    body = {**CONFIG_BODY, "data": {"app": value}}
    world = World(pod_of(env=env), body)
    found = world.look({"environment": f"SETTINGS={value}\0"})
    assert "hunter2" not in world.written(found)


def test_thousands_of_secrets_cost_seconds_and_not_minutes() -> None:
    """Each text is searched for each spelling of each: their number is bounded."""
    many = {f"password_{n}": f"v4lue-{n}<&>" for n in range(5_000)}
    begun = time.process_time()
    sealer = Sealer()
    sealer.keep(CONFIG, {**CONFIG_BODY, "data": many})
    assert sealer.scrub("nothing") == "nothing"
    world = World(pod_of())
    world.look({"environment": "".join(f"TOKEN_{n}=v4lue-{n}<&>\0" for n in range(20_000))})
    assert world.sealer.scrub("nothing") == "nothing"
    assert time.process_time() - begun < 15


# -- lengths --------------------------------------------------------------------------------------


def test_no_length_of_a_hidden_value_is_told() -> None:
    env = [{"name": "VAR", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}]
    world = World(pod_of(env=env), CONFIG_BODY, SECRET_BODY)
    seen = files(cfg__level="calm", cfg__admin_password=CANARY, sec__password=CANARY)
    found = world.look({**seen, "environment": f"VAR={CANARY}\0OTHER={CANARY}\0"})
    sizes = {one.path: one.size for one in found.files}
    assert sizes == {
        "/etc/cfg/level": 4,
        "/etc/cfg/admin_password": None,
        "/etc/sec/password": None,
    }
    keys = world.objects[CONFIG.key].keys or {}
    assert {name: one.size for name, one in keys.items()} == {"level": 4, "admin_password": None}
    assert [one.size for one in (world.objects[SECRET.key].keys or {}).values()] == [None]
    for variable in found.variables:
        for side in (variable.declared, variable.injected, variable.process):
            assert side is None or side.size is None
    assert f'"size":{len(CANARY)}' not in world.written(found)


def test_the_length_of_a_certificate_is_told() -> None:
    """The bundle of a certificate authority is public, though it looks like a key."""
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
    data = {"ca.crt": certificate, "both": certificate + key}
    keys = Sealer().keep(CONFIG, {**CONFIG_BODY, "data": data}).keys or {}
    assert (keys["ca.crt"].size, keys["both"].size) == (len(certificate), None)


def test_a_file_of_another_length_differs_without_telling_it() -> None:
    """Without sha256sum in the image the sizes are what tells."""
    world = World(pod_of(), SECRET_BODY)
    seen = files(sec__password="another-length")
    seen["digests"] = ""
    (one,) = world.look(seen).files
    assert (one.size, one.state) == (None, "notRead")
    keys = world.objects[SECRET.key].keys or {}
    assert one.digest not in (None, keys["password"].digest)
    seen = files(sec__password=CANARY[::-1])
    seen["digests"] = ""
    assert world.look(seen).files[0].digest is None


def test_a_bundle_of_an_older_podx_tells_no_length_in_the_report() -> None:
    world = World(pod_of(), CONFIG_BODY, SECRET_BODY)
    stored = world.objects[SECRET.key]
    key = KeyFacts(size=19, digest="keyed:a")
    world.objects[SECRET.key] = msgspec.structs.replace(stored, keys={"password": key})
    file = ObservedFile(path="/etc/sec/password", mount="/etc/sec", digest="keyed:b", size=21)
    look = kit.observation(files=[file])
    report = analyse(world.capture(look)).items[0]
    rows = [row for row in report.files or [] if row.path == "/etc/sec/password"]
    assert [(row.size, row.source_size, row.state) for row in rows] == [(None, None, rows[0].state)]
    assert b"(21 bytes" not in msgspec.json.encode(report)
