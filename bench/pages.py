"""A server of recorded pages: a list of pods as long as one wants, of a cluster that has fewer.

Whatever else is asked of it, the real API server answers. Each copy of the recorded pods is of
other namespaces and has other uids, so that nobody can take it for the pods that came before.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cluster import Cluster, ClusterError
from population import Api

_PAGE = 500
_PODS = "/api/v1/pods"
_UID = re.compile(rb'("uid":")[0-9a-f]{8}')
_NAMESPACE = re.compile(rb'("namespace":")')
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


def recorded(api: Api) -> list[bytes]:
    """The pages of the list of all pods, without what tells where the next one begins."""
    pages, token = [], ""
    while True:
        path = f"{_PODS}?limit={_PAGE}" + (f"&continue={token}" if token else "")
        page = api.send("GET", path)
        token = page["metadata"].pop("continue", "")
        page["metadata"].pop("remainingItemCount", None)
        metadata = page.pop("metadata")
        page = {"kind": page.pop("kind"), "metadata": metadata, **page}
        pages.append(json.dumps(page, separators=(",", ":")).encode())
        if not token:
            return pages


def copied(page: bytes, copy: int, following: int | None) -> bytes:
    """The page as one of the given copy of the cluster, `following` what is asked for next."""
    if copy:
        page = _UID.sub(rb"\g<1>%08x" % copy, page)
        page = _NAMESPACE.sub(rb"\g<1>copy-%d-" % copy, page)
    if following is None:
        return page
    # The list's own metadata come first, before its items.
    head, found, rest = page.partition(b'"metadata":{')
    return head + found + b'"continue":"%d",' % following + rest


@contextlib.contextmanager
def served(api: Api, pods: int, folder: Path) -> Iterator[Cluster]:
    """A cluster with so many pods, at the end of a plain connection on loopback.

    In a process of its own: what ours holds counts as the peak of whoever it starts.
    """
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    process = fork.Process(target=_serve, args=(api, pods, there))
    process.start()
    there.close()
    try:
        config = folder / f"pages-{pods}.kubeconfig"
        config.write_text(json.dumps(_kubeconfig(f"http://127.0.0.1:{here.recv()}")), "utf-8")
        yield Cluster("kubectl", {**api.variables, "KUBECONFIG": str(config)})
    except EOFError:
        raise ClusterError("the list of all pods could not be recorded") from None
    finally:
        process.terminate()
        process.join()


def _kubeconfig(server: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "pages",
        "clusters": [{"name": "pages", "cluster": {"server": server}}],
        "users": [{"name": "pages", "user": {}}],
        "contexts": [{"name": "pages", "context": {"cluster": "pages", "user": "pages"}}],
    }


def _serve(api: Api, pods: int, port: Connection) -> None:
    """Says which port it serves on, and serves until it is ended."""
    pages = recorded(api.another())
    # The last page of a recording is not full: it stands for one that is.
    full = [page for page in pages if page.count(b'"nodeName"') >= _PAGE // 2] or pages
    count = -(-pods // _PAGE)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        real = threading.local()

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            query = parse_qs(split.query)
            if split.path == _PODS and "fieldSelector" not in query:
                at = int(query.get("continue", ["0"])[0])
                following = at + 1 if at + 1 < count else None
                page = copied(full[at % len(full)], at // len(full), following)
                self._answer(200, {"Content-Type": "application/json"}, page)
                return
            status, headers, body = self._ask()
            self._answer(status, headers, body)

        def _ask(self) -> tuple[int, dict[str, str], bytes]:
            if not hasattr(self.real, "connection"):
                self.real.connection = api.another().connect()
            connection: http.client.HTTPSConnection = self.real.connection
            accept = {"Accept": self.headers.get("Accept", "*/*")}
            connection.request("GET", self.path, headers={**api.headers, **accept})
            answer = connection.getresponse()
            kept = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP}
            return answer.status, kept, answer.read()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_address[1])
    server.serve_forever()
