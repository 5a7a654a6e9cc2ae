"""Names and folders of one checkout's cluster. Two checkouts share none of them."""

from dataclasses import dataclass
from pathlib import Path

import cache

CLUSTERS = Path("/var/lib/kubectl-podx")
CNI_PLUGINS = "/usr/lib/cni"


@dataclass(frozen=True)
class Layout:
    """Everything that follows from the path of the checkout and the kind of node alone."""

    checkout: Path
    # Empty for a node that is this machine; `v2` for one in a virtual machine.
    node: str = ""

    @property
    def id(self) -> str:
        kind = f":{self.node}" if self.node else ""
        return cache.digest(f"{self.checkout}{kind}")[:8]

    @property
    def number(self) -> int:
        """Where the search for free subnets and ports begins, so that checkouts rarely meet."""
        return int(self.id, 16)

    @property
    def name(self) -> str:
        """Node name, CNI network name and cgroup name."""
        return f"podx-{self.id}"

    @property
    def node_bridge(self) -> str:
        return f"pxn{self.id}"

    @property
    def pod_bridge(self) -> str:
        return f"pxp{self.id}"

    @property
    def tap(self) -> str:
        """The cable to a virtual machine."""
        return f"pxt{self.id}"

    @property
    def folder(self) -> Path:
        return CLUSTERS / self.id

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "admin.kubeconfig"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def certificates(self) -> Path:
        return self.folder / "pki"

    @property
    def configuration(self) -> Path:
        return self.folder / "etc"

    @property
    def networks(self) -> Path:
        """Where the runtime reads what CNI plugins to call."""
        return self.configuration / "cni"

    @property
    def kubelet_config(self) -> Path:
        return self.configuration / "kubelet.json"

    @property
    def kubelet_root(self) -> Path:
        return self.folder / "kubelet"

    @property
    def volume_plugins(self) -> Path:
        return self.folder / "volume-plugins"

    @property
    def runc_state(self) -> Path:
        return self.folder / "runc"

    @property
    def containerd_state(self) -> Path:
        return self.folder / "containerd-state"


def of_this_checkout(node: str = "") -> Layout:
    return Layout(Path(__file__).resolve().parents[2], node)
