"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC, WORKED_OUT
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import SeccompMode


class Security(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container.")]
    privileged: Annotated[bool, Meta(description="securityContext.privileged.")] = False
    run_as_user: Annotated[
        int | None, Meta(description="runAsUser; null if the image decides.")
    ] = None
    run_as_group: Annotated[
        int | None, Meta(description="runAsGroup; null if the image decides.")
    ] = None
    run_as_non_root: Annotated[bool, Meta(description="runAsNonRoot.")] = False
    fs_group: Annotated[int | None, Meta(description="fsGroup of the pod.")] = None
    supplemental_groups: Annotated[
        list[int], Meta(description="supplementalGroups of the pod.")
    ] = []
    capabilities_added: Annotated[list[str], Meta(description="capabilities.add.")] = []
    capabilities_dropped: Annotated[list[str], Meta(description="capabilities.drop.")] = []
    seccomp_profile: Annotated[
        str, Meta(description="seccompProfile, such as `RuntimeDefault`; empty if there is none.")
    ] = ""
    read_only_root: Annotated[bool, Meta(description="readOnlyRootFilesystem.")] = False
    allow_privilege_escalation: Annotated[
        bool, Meta(description="allowPrivilegeEscalation; true if it is not set.")
    ] = True
    process: Annotated[str, Meta(description="The main process; empty without an exec.")] = ""
    user: Annotated[int | None, Meta(description="The effective user of the main process.")] = None
    group: Annotated[int | None, Meta(description="The effective group of the main process.")] = (
        None
    )
    groups: Annotated[list[int], Meta(description="The other groups of the main process.")] = []
    capabilities: Annotated[
        list[str] | None,
        Meta(description="The effective capabilities of the main process; null if not checked."),
    ] = None
    seccomp: Annotated[
        SeccompMode | None, Meta(description="How system calls of the main process are filtered.")
    ] = None
    no_new_privileges: Annotated[
        bool | None, Meta(description="Whether a setuid program gives it no other user.")
    ] = None
    observed_read_only_root: Annotated[
        bool | None, Meta(description="Whether the root file system is mounted read-only.")
    ] = None
    differs: Annotated[
        list[str],
        Meta(description="User and group that are not as declared: many programs change theirs."),
    ] = []
    exceeds: Annotated[
        list[str], Meta(description="What the main process may do although the spec forbids it.")
    ] = []


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC}: securityContext of the container, else of the pod",
    "process": f"{FROM_INSIDE}: /proc/N/stat of the main process",
    "user": f"{FROM_INSIDE}: Uid of /proc/N/status",
    "group": f"{FROM_INSIDE}: Gid of /proc/N/status",
    "groups": f"{FROM_INSIDE}: Groups of /proc/N/status",
    "capabilities": f"{FROM_INSIDE}: CapEff of /proc/N/status",
    "seccomp": f"{FROM_INSIDE}: Seccomp of /proc/N/status",
    "noNewPrivileges": f"{FROM_INSIDE}: NoNewPrivs of /proc/N/status",
    "observedReadOnlyRoot": f"{FROM_INSIDE}: /proc/self/mountinfo",
    "differs": f"{WORKED_OUT} from both sides",
    "exceeds": f"{WORKED_OUT} from both sides",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
