"""OpenID Connect by the kubeconfig's own entry: its token, renewed where it has expired.

As client-go's `plugin/pkg/client/auth/oidc`, but that nothing is written back: podx writes no file.
The `kubernetes` package does the same, for 0.2 s and 20 MB of imports.
"""

from __future__ import annotations

import time
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.credentials import Credentials, Headers
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.pool import Dialer
from kubectl_podx.cluster.stream import ConnectionGoneError, Response, send_request
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.decoder import Decoder

_DISCOVERY = "/.well-known/openid-configuration"
_MAX_ANSWER = 1 << 20
_FORM = "application/x-www-form-urlencoded"
# RFC 6749, 5.2: only these words of a refusal are shown.
_REFUSALS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
_LOG_IN = "log in again with the tool that wrote the kubeconfig"


class _Claims(msgspec.Struct):
    exp: float


class _Provider(msgspec.Struct):
    token_endpoint: str


class _Renewed(msgspec.Struct):
    id_token: str = ""
    error: str = ""


_CLAIMS, _PROVIDER, _RENEWED = Decoder(_Claims), Decoder(_Provider), Decoder(_Renewed)


def id_token(config: Mapping[str, str], environ: Mapping[str, str], deadline: Deadline) -> str:
    """The token of this entry, asked of the provider where the stored one has expired.

    Any failure is a ClusterError of our own words: answers and tokens are never quoted.
    """
    token = config.get("id-token", "")
    if token and not _expired(token):
        return token
    for name in ("idp-issuer-url", "client-id"):
        if not config.get(name):
            _fail(f"must provide {name}")
    if not config.get("refresh-token"):
        _fail(f"no valid id-token, and cannot refresh without refresh-token: {_LOG_IN}")
    return _refresh(config, environ, deadline)


def _expired(token: str) -> bool:
    try:
        _, claims, _ = token.split(".")
        padded = claims + "=" * (-len(claims) % 4)
        found = _CLAIMS.decode(urlsafe_b64decode(padded))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        _fail(f"the id-token is not a JSON Web Token: {_LOG_IN}")
    return time.time() > found.exp


def _refresh(config: Mapping[str, str], environ: Mapping[str, str], deadline: Deadline) -> str:
    issuer = config["idp-issuer-url"].rstrip("/")
    answer = _ask(config, issuer + _DISCOVERY, environ, deadline)
    if answer.status != 200:
        _fail(f"the issuer answered {answer.status} when asked for its configuration")
    try:
        endpoint = _PROVIDER.decode(answer.body).token_endpoint
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _fail("the issuer's configuration names no token_endpoint")
    renewed = _Renewed()
    # As golang.org/x/oauth2: the secret in a header, and where that is refused in the form.
    for in_header in (True, False) if config.get("client-secret") else (False,):
        answer = _ask(config, endpoint, environ, deadline, grant=True, in_header=in_header)
        try:
            renewed = _RENEWED.decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            renewed = _Renewed()
        if answer.status == 200:
            break
    else:
        why = f" ({renewed.error})" if renewed.error in _REFUSALS else ""
        _fail(f"the provider refused to renew the token{why}: {_LOG_IN}")
    if not renewed.id_token:
        _fail("the provider's answer has no id_token: was the scope openid asked for at login?")
    return renewed.id_token


def _ask(
    config: Mapping[str, str],
    url: str,
    environ: Mapping[str, str],
    deadline: Deadline,
    *,
    grant: bool = False,
    in_header: bool = False,
) -> Response:
    """A GET, or the POST that asks for a token; over TLS alone, as it carries secrets."""
    access = _access(config, url)
    headers: Headers = [("Accept", "application/json"), ("User-Agent", "kubectl-podx")]
    question = None
    if grant:
        form = {"grant_type": "refresh_token", "refresh_token": config["refresh-token"]}
        who, secret = config["client-id"], config.get("client-secret", "")
        if in_header:
            pair = f"{quote_plus(who)}:{quote_plus(secret)}"
            headers.append(("Authorization", f"Basic {b64encode(pair.encode()).decode()}"))
        else:
            form |= {"client_id": who, **({"client_secret": secret} if secret else {})}
        question = urlencode(form).encode()
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    dialer = Dialer(access, Credentials(access, environ, deadline), environ)
    stream = dialer.dial(deadline, lambda _: None)
    try:
        stream.deadline = deadline
        return send_request(
            stream, access.authority, target, headers,
            limit=_MAX_ANSWER, cut=False, body=question, content_type=_FORM,
            method="GET" if question is None else "POST",
        )  # fmt: skip
    except ConnectionGoneError:
        _fail("the provider closed the connection without an answer")
    finally:
        stream.close()


def _access(config: Mapping[str, str], url: str) -> Access:
    authority, parts = b"", urlsplit("")
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        if config.get("idp-certificate-authority-data"):
            authority = b64decode(config["idp-certificate-authority-data"], validate=True)
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        _fail("the provider's address or certificate authority cannot be used: it has to be https")
    return Access(
        server=f"https://{parts.netloc}",
        ca_file=config.get("idp-certificate-authority", ""),
        ca_data=authority,
    )


def _fail(why: str) -> NoReturn:
    raise ClusterError(
        "unauthorized", f"Unable to connect to the server: auth provider oidc: {why}"
    ) from None
