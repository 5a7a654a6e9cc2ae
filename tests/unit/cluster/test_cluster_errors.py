import errno
import json
import socket
import ssl

import pytest

from kubectl_podx.cluster.errors import of_dial_error, of_read_error, of_response, quoted, shown
from kubectl_podx.cluster.tls import of_tls_error


def status(reason: str, message: str, **more: object) -> bytes:
    return json.dumps(
        {"kind": "Status", "status": "Failure", "reason": reason, "message": message, **more}
    ).encode()


@pytest.mark.parametrize(
    ("code", "body", "kind", "text"),
    [
        (404, status("NotFound", 'pods "x" not found'), "notFound",
         'Error from server (NotFound): pods "x" not found'),
        (403, status("Forbidden", 'pods is forbidden: User "u"'), "denied",
         'Error from server (Forbidden): pods is forbidden: User "u"'),
        (401, status("Unauthorized", "Unauthorized"), "unauthorized",
         "error: You must be logged in to the server (Unauthorized)"),
        (401, b"", "unauthorized",
         ("error: You must be logged in to the server "
         "(the server has asked for the client to provide credentials)")),
        (403, b"abc", "denied", "Error from server (Forbidden): abc"),
        (404, b"<html>", "notFound",
         "Error from server (NotFound): the server could not find the requested resource"),
        (410, status("Expired", "gone"), "expired", "Error from server (Expired): gone"),
        (500, b"abc", "failed",
         ('Error from server (InternalError): an error on the server ("abc") has prevented the '
         "request from succeeding")),
        (503, b"", "failed",
         ("Error from server (ServiceUnavailable): the server is currently unable to handle the "
         "request")),
        (504, b"", "timedOut",
         ("Error from server (Timeout): the server was unable to return a response in the time "
         "allotted, but may still be processing the request")),
        (418, b"", "failed",
         ("Error from server (Unknown): the server responded with the status code 418 but did not "
         "return more information")),
        (400, status("", "odd"), "failed", "Error from server: odd"),
        (302, b"", "failed",
         "the server redirected the request (status 302): no redirect is followed"),
    ],
)  # fmt: skip
def test_an_answer_becomes_kubectls_words(code: int, body: bytes, kind: str, text: str) -> None:
    error = of_response(code, body)
    assert (error.kind, str(error)) == (kind, text)


def test_a_servers_message_is_bounded_and_escaped() -> None:
    error = str(of_response(403, status("Forbidden", "a\x1b[31m\n\u202e" + "x" * 5000)))
    assert error.isprintable()
    assert len(error) < 1200
    assert "\\x1b[31m\\n\\u202e" in error


@pytest.mark.parametrize("body", [b"[" * 5000, b'{"kind":7}', b"null", b"\xff\xfe", b'"x"'])
def test_an_odd_body_is_no_status(body: bytes) -> None:
    assert of_response(404, body).kind == "notFound"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(),
         "The connection to the server h:1 was refused - did you specify the right host or port?"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
         "Unable to connect to the server: dial tcp: lookup h: no such host"),
        (TimeoutError(), "Unable to connect to the server: dial tcp h:1: i/o timeout"),
        (OSError(errno.EHOSTUNREACH, "x"),
         "Unable to connect to the server: dial tcp h:1: connect: no route to host"),
    ],
)  # fmt: skip
def test_a_failed_dial_reads_as_kubectls(error: OSError, text: str) -> None:
    found = of_dial_error(error, "h:1", "h:1")
    assert (found.kind, str(found)) == ("unreachable", text)


def test_a_silent_server_is_timed_out_and_a_closed_one_unreachable() -> None:
    assert of_read_error(TimeoutError()).kind == "timedOut"
    assert of_read_error(ConnectionResetError(errno.ECONNRESET, "x")).kind == "unreachable"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "remote error: tls: certificate required"),
        ("WRONG_VERSION_NUMBER", "tls: first record does not look like a TLS handshake"),
        ("SOMETHING", "tls: handshake failure"),
    ],
)
def test_a_failed_handshake_reads_as_gos(reason: str, text: str) -> None:
    error = ssl.SSLError(1, "x")
    error.reason = reason
    assert str(of_tls_error(error, "h")) == f"Unable to connect to the server: {text}"


def test_names_are_quoted_as_go_does() -> None:
    assert quoted('a"b\\\n') == '"a\\"b\\\\\\n"'
    assert shown("é ok") == "é ok"
