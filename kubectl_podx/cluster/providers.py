"""Credentials from elsewhere, the legacy way: `users[].user.auth-provider` of a kubeconfig."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_podx.cluster.errors import ClusterError, shown
from kubectl_podx.cluster.kubeconfig import AuthProvider
from kubectl_podx.cluster.oidc import id_token
from kubectl_podx.model.clock import Deadline


def provider_token(provider: AuthProvider, environ: Mapping[str, str], deadline: Deadline) -> str:
    """A bearer token of the provider, refreshed where it has expired; nothing is written back."""
    name = shown(provider.name, 63)
    if provider.name == "oidc":
        return id_token(provider.config, environ, deadline)
    if provider.name != "gcp":
        raise ClusterError("unauthorized", f'no Auth Provider found for name "{name}"')
    try:
        token = _load(provider)
    except ImportError:
        raise ClusterError(
            "unauthorized",
            "The gcp auth plugin has been removed from kubectl, and podx has it only where its "
            "package `kubernetes` is installed: use the credential plugin gke-gcloud-auth-plugin",
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever they raise, it may not be shown
        # Errors of these libraries quote tokens and answers: the type has to do.
        raise ClusterError(
            "unauthorized",
            f"Unable to connect to the server: auth provider {name}: no token "
            f"({type(error).__name__})",
        ) from None
    if not token:
        raise ClusterError(
            "unauthorized", f"Unable to connect to the server: auth provider {name}: no token"
        )
    return token


def _load(provider: AuthProvider) -> str:
    """The import costs 0.2 s and 20 MB, so only these kubeconfigs pay for it."""
    from kubernetes.client import Configuration  # noqa: PLC0415 - costly, see above
    from kubernetes.config.kube_config import KubeConfigLoader  # noqa: PLC0415 - costly

    config = {
        "current-context": "podx",
        "contexts": [{"name": "podx", "context": {"cluster": "podx", "user": "podx"}}],
        "clusters": [{"name": "podx", "cluster": {"server": "https://localhost"}}],
        "users": [
            {
                "name": "podx",
                "user": {"auth-provider": {"name": provider.name, "config": dict(provider.config)}},
            }
        ],
    }
    target = Configuration()
    KubeConfigLoader(config_dict=config).load_and_set(target)
    return str(target.api_key.get("BearerToken", "")).removeprefix("Bearer ")
