"""Keys, certificates and kubeconfigs, made by the openssl command."""

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path

from console import ClusterError
from layout import Layout
from network import API_SERVICE_ADDRESS, Network

FRONT_PROXY = "front-proxy-client"
METRICS_SERVICE = "metrics-server.kube-system.svc"
_DAYS = "365"


@dataclass(frozen=True)
class Identity:
    """A client of the API server: user name, group, and the name of its files."""

    file: str
    user: str
    group: str = ""


def identities(layout: Layout) -> list[Identity]:
    return [
        Identity("admin", "podx-admin", "system:masters"),
        Identity("controller-manager", "system:kube-controller-manager"),
        Identity("scheduler", "system:kube-scheduler"),
        Identity("kubelet", f"system:node:{layout.name}", "system:nodes"),
        # What the API server calls itself towards the kubelet, which asks it back for its rights.
        Identity("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
        Identity("metrics-server", "podx-metrics-server", "system:masters"),
    ]


def create(layout: Layout, network: Network) -> None:
    folder = layout.certificates
    folder.mkdir(mode=0o700)
    _authority(folder, "ca")
    names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    _server(folder, "apiserver", names, ["127.0.0.1", API_SERVICE_ADDRESS, network.host_address])
    _server(folder, "kubelet-server", [layout.name], [network.node_address])
    _server(folder, "metrics-serving", [METRICS_SERVICE], [network.host_address])
    for identity in identities(layout):
        group = f"/O={identity.group}" if identity.group else ""
        usage = "extendedKeyUsage=clientAuth"
        _signed(folder, identity.file, f"{group}/CN={identity.user}", usage)
    _openssl(folder, "genrsa", "-out", "service-accounts.key", "2048")
    public = ("-pubout", "-out", "service-accounts.pub")
    _openssl(folder, "pkey", "-in", "service-accounts.key", *public)
    # Who the API server is when it passes a request on: an authority that signs nothing else.
    _authority(folder, "front-proxy-ca")
    usage = "extendedKeyUsage=clientAuth"
    _signed(folder, FRONT_PROXY, f"/CN={FRONT_PROXY}", usage, authority="front-proxy-ca")
    server = f"https://{network.api_address}:{network.ports['apiserver']}"
    for identity in identities(layout):
        _write_kubeconfig(folder, identity, server, layout.name)
    (folder / "admin.kubeconfig").rename(layout.kubeconfig)


def _authority(folder: Path, file: str) -> None:
    usage = "keyUsage=keyCertSign,cRLSign"
    _openssl(folder, *_request(file, f"/CN=podx-test-{file}"), "-addext", usage)


def _server(folder: Path, file: str, names: list[str], addresses: list[str]) -> None:
    alternatives = [f"DNS:{name}" for name in names] + [f"IP:{one}" for one in addresses]
    subject = f"subjectAltName={','.join(alternatives)}"
    _signed(folder, file, f"/CN={names[0]}", "extendedKeyUsage=serverAuth", subject)


def _signed(folder: Path, file: str, subject: str, *extensions: str, authority: str = "ca") -> None:
    added = [word for extension in extensions for word in ("-addext", extension)]
    by = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key")
    basics = ("-addext", "basicConstraints=critical,CA:FALSE")
    _openssl(folder, *_request(file, subject), *by, *basics, *added)


def _request(file: str, subject: str) -> list[str]:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    files = ["-keyout", f"{file}.key", "-out", f"{file}.crt"]
    return ["req", "-x509", *key, "-subj", subject, "-days", _DAYS, *files]


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["openssl", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ClusterError(f"`openssl {' '.join(arguments[:2])} …` failed:\n{done.stderr}")


def _write_kubeconfig(folder: Path, identity: Identity, server: str, name: str) -> None:
    def inline(file: str) -> str:
        return base64.b64encode((folder / file).read_bytes()).decode()

    path = folder / f"{identity.file}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(
        f"""\
apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {inline("ca.crt")}
users:
- name: {identity.file}
  user:
    client-certificate-data: {inline(f"{identity.file}.crt")}
    client-key-data: {inline(f"{identity.file}.key")}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {identity.file}
current-context: {name}
"""
    )
