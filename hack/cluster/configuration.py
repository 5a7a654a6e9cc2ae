"""The configuration files of the node's daemons. JSON is YAML, so no template can break them."""

import json
from pathlib import Path

from layout import Layout
from network import Network

CNI_PLUGINS = "/usr/lib/cni"
CLUSTER_DOMAIN = "cluster.local"
_DNS_ADDRESS = "10.96.0.10"


def write(layout: Layout, network: Network, pause_image: str) -> None:
    cni = layout.configuration / "cni"
    cni.mkdir(parents=True)
    (cni / "10-podx.conflist").write_text(_cni(layout, network))
    layout.containerd_config.write_text(_containerd(layout, cni, pause_image))
    layout.kubelet_config.write_text(_kubelet(layout, network))


def _cni(layout: Layout, network: Network) -> str:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": network.pod_range}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(layout.folder / "cni"),
    }
    bridge = {
        "type": "bridge",
        "bridge": layout.pod_bridge,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": addresses,
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    # portmap's rules carry this name, and `down` knows them by it.
    return _json({"cniVersion": "1.0.0", "name": layout.name, "plugins": [bridge, portmap]})


def _containerd(layout: Layout, cni: Path, pause_image: str) -> str:
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    return f"""\
version = 3
root = '{layout.folder}/containerd'
state = '{layout.containerd_state}'
# Neither may be had here: both live in folders that all of a machine's containerds share.
disabled_plugins = ['io.containerd.internal.v1.opt', 'io.containerd.image-verifier.v1.bindir']

[grpc]
address = '{layout.containerd_socket}'

[ttrpc]
address = '{layout.containerd_socket}.ttrpc'

[plugins.'io.containerd.nri.v1.nri']
disable = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '{pause_image}'

[{runtime}]
# Without CAP_SYS_RESOURCE nobody may lower an OOM score, and every sandbox would die of trying.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[{runtime}.cni]
bin_dirs = ['{CNI_PLUGINS}']
conf_dir = '{cni}'

[{runtime}.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'

[{runtime}.containerd.runtimes.runc.options]
SystemdCgroup = false
Root = '{layout.runc_state}'
"""


def _kubelet(layout: Layout, network: Network) -> str:
    pki = layout.certificates
    return _json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": network.node_address,
            "port": network.ports["kubelet"],
            "readOnlyPort": 0,
            "healthzBindAddress": "127.0.0.1",
            "healthzPort": network.ports["kubelet_health"],
            "tlsCertFile": str(pki / "kubelet-server.crt"),
            "tlsPrivateKeyFile": str(pki / "kubelet-server.key"),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(pki / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{layout.name}",
            "failCgroupV1": False,
            "failSwapOn": False,
            # Lowering it needs CAP_SYS_RESOURCE.
            "oomScoreAdj": 0,
            # Tests of changed ConfigMaps and Secrets need not wait a minute.
            "syncFrequency": "5s",
            "clusterDNS": [_DNS_ADDRESS],
            "clusterDomain": CLUSTER_DOMAIN,
            "serializeImagePulls": False,
            # No registry would bring an image back.
            "imageGCHighThresholdPercent": 100,
            # A full disk of a small machine is no reason to evict what tests look at.
            "evictionHard": {
                "memory.available": "64Mi",
                "nodefs.available": "1%",
                "nodefs.inodesFree": "1%",
                "imagefs.available": "1%",
                "imagefs.inodesFree": "1%",
            },
            "podLogsDir": str(layout.folder / "pod-logs"),
            "volumePluginDir": str(layout.volume_plugins),
            # There is no kube-proxy, and the host's tables are not ours.
            "makeIPTablesUtilChains": False,
        }
    )


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"
