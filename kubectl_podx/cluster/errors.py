"""What the cluster can answer with, as one typed error in kubectl's own words."""

from __future__ import annotations

import errno
import os
import socket
from typing import Literal

import msgspec

from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.errors import PodxError

ErrorKind = Literal[
    "denied", "notFound", "unauthorized", "unreachable", "timedOut", "expired", "failed"
]
"""`unreachable`: no answer was had at all; `expired`: the list's snapshot is gone (410)."""

_MAX_SHOWN = 1000
_NO_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


class ClusterError(PodxError):
    """A request that the cluster refused, could not answer or never got.

    The text is kubectl's where kubectl has one. What the server said of itself is bounded and
    escaped in it; values out of a kubeconfig or a credential are never in it.
    """

    def __init__(
        self,
        kind: ErrorKind,
        text: str,
        continue_token: str = "",
        *,
        reason: str = "",
        said: str = "",
    ) -> None:
        super().__init__(text)
        self.kind: ErrorKind = kind
        self.reason = reason
        """The server's word for it, such as `AlreadyExists`; empty where it gave none."""
        self.said = said
        """What the server said, without what kubectl puts before it."""
        self.continue_token = continue_token
        """Of an expired list: where it can go on in a newer snapshot."""


class _StatusMeta(msgspec.Struct, rename={"continues": "continue"}):
    continues: str | None = None


class Status(msgspec.Struct):
    """The fields of `metav1.Status` that make an error's text."""

    kind: str = ""
    status: str = ""
    message: str = ""
    reason: str = ""
    metadata: _StatusMeta | None = None


_STATUS_DECODER = Decoder(Status)


def shown(text: str, limit: int = _MAX_SHOWN) -> str:
    r"""Foreign text made fit for one line of a terminal: bounded, `\n` and the like escaped."""
    cut = text if len(text) <= limit else text[:limit] + "..."
    if cut.isprintable():
        return cut
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in cut
    )


def quoted(text: str, limit: int = 253) -> str:
    """A name between double quotes as Go's %q writes it, bounded and escaped."""
    return '"' + shown(text.replace("\\", "\\\\").replace('"', '\\"'), limit) + '"'


def decode_status(body: bytes) -> Status | None:
    """The Status that an error's body holds; None where it holds anything else."""
    try:
        status = _STATUS_DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return status if status.kind == "Status" and status.status != "Success" else None


def of_response(code: int, body: bytes) -> ClusterError:
    """The error that an HTTP answer other than 2xx stands for (kubectl's StandardErrorMessage).

    A redirect is an error: what a request carries is meant for this server alone.
    """
    if 300 <= code < 400:
        return ClusterError(
            "failed", f"the server redirected the request (status {code}): no redirect is followed"
        )
    status = decode_status(body)
    reason, message = _generic(code, body)
    token = ""
    if status is not None:
        token = (status.metadata and status.metadata.continues) or ""
        reason = shown(status.reason, 63)
        message = shown(status.message) or message
    kind = _kind(code, reason)
    if reason == "Unauthorized":
        return ClusterError(kind, f"error: You must be logged in to the server ({message})")
    where = f" ({reason})" if reason else ""
    text = f"Error from server{where}: {message}"
    return ClusterError(kind, text, token, reason=reason, said=message)


def _kind(code: int, reason: str) -> ErrorKind:
    by_code: dict[int, ErrorKind] = {
        401: "unauthorized",
        403: "denied",
        404: "notFound",
        408: "timedOut",
        410: "expired",
        504: "timedOut",
    }
    by_reason: dict[str, ErrorKind] = {"Expired": "expired", "Timeout": "timedOut"}
    return by_reason.get(reason) or by_code.get(code, "failed")


def _generic(code: int, body: bytes) -> tuple[str, str]:
    """Reason and message without a Status (apimachinery `errors.NewGenericServerResponse`)."""
    said = shown(body[:2048].decode("utf-8", "replace").strip(), 300) or "unknown"
    known = {
        400: ("BadRequest", "the server rejected our request for an unknown reason"),
        401: ("Unauthorized", "the server has asked for the client to provide credentials"),
        403: ("Forbidden", said),
        404: ("NotFound", "the server could not find the requested resource"),
        405: (
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        ),
        406: (
            "NotAcceptable",
            "the server was unable to respond with a content type that the client supports",
        ),
        429: (
            "TooManyRequests",
            "the server has received too many requests and has asked us to try again later",
        ),
        503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504: (
            "Timeout",
            (
                "the server was unable to return a response in the time allotted, "
                "but may still be processing the request"
            ),
        ),
    }
    if code in known:
        return known[code]
    if code >= 500:
        return (
            "InternalError",
            (
                f"an error on the server ({quoted(said, 300)}) has prevented the request "
                "from succeeding"
            ),
        )
    return (
        "Unknown",
        f"the server responded with the status code {code} but did not return more information",
    )


def unreachable(reason: str) -> ClusterError:
    """No connection, in kubectl's words; `reason` is Go's text for why."""
    return ClusterError("unreachable", f"Unable to connect to the server: {reason}")


def of_dial_error(error: OSError, authority: str, address: str) -> ClusterError:
    """Why no connection to the server came to be.

    `authority` is the host and port as the kubeconfig writes them, `address` what was dialled.
    """
    if isinstance(error, ConnectionRefusedError):
        return ClusterError(
            "unreachable",
            f"The connection to the server {shown(authority, 253)} was refused - "
            "did you specify the right host or port?",
        )
    if isinstance(error, socket.gaierror):
        host = shown(address.rpartition(":")[0].strip("[]"), 253)
        why = "no such host" if error.errno in _NO_NAME else _strerror(error)
        return unreachable(f"dial tcp: lookup {host}: {why}")
    where = shown(address, 253)
    if isinstance(error, TimeoutError):
        return unreachable(f"dial tcp {where}: i/o timeout")
    return unreachable(f"dial tcp {where}: connect: {_strerror(error)}")


def of_read_error(error: OSError) -> ClusterError:
    """Why an answer on a connection that stood did not come."""
    if isinstance(error, TimeoutError):
        return ClusterError(
            "timedOut",
            "Unable to connect to the server: context deadline exceeded "
            "(Client.Timeout exceeded while awaiting headers)",
        )
    if error.errno in (errno.ECONNRESET, errno.EPIPE):
        return unreachable("read: connection reset by peer")
    return unreachable("EOF")


def _strerror(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return shown(str(error.strerror or "name resolution failed"), 100)
    number = error.errno
    return os.strerror(number).lower() if number else "connection failed"
