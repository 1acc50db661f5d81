"""The http probe against a real web server and against hand-made answers."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from devenv.probes import Answer, Probe, attempt

from .conftest import Serve
from .fake_servers import in_turn, say, say_and_hold


class Site(http.server.BaseHTTPRequestHandler):
    """Answers /NNN with status NNN, and tells everything else what it asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        code = int(self.path[1:]) if self.path[1:].isdigit() else 200
        body = f"{self.path} {self.headers['Host']} {self.headers['Connection']}".encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if code not in (204, 304):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def ask(port: int, timeout: float = 1, **params: str) -> Answer:
    return attempt(Probe("http", 80, tuple(params.items())), "127.0.0.1", port, timeout=timeout)


@pytest.mark.parametrize(
    ("code", "wanted", "ok"),
    [
        (200, None, True),
        (204, None, True),
        (302, None, True),
        (399, None, True),
        (400, None, False),
        (404, None, False),
        (503, None, False),
        (200, "204", False),
        (204, "200,204", True),
        (401, "200, 401", True),
        (201, "2xx", True),
        (201, "2XX,404", True),
        (302, "2xx", False),
        (503, "any", True),
        (204, "any", True),
    ],
)
def test_status(site: int, code: int, wanted: str | None, ok: bool) -> None:
    answer = ask(site, path=f"/{code}", status=wanted) if wanted else ask(site, path=f"/{code}")
    assert answer == Answer(ok, f"HTTP {code} from /{code}", str(code))


def test_the_request_is_whole(site: int) -> None:
    assert ask(site, path="/where", contains=f"/where 127.0.0.1:{site} close").ok


def test_a_missing_text_is_not_ready(site: int) -> None:
    answer = ask(site, path="/where", contains="nowhere")
    assert answer == Answer(False, "HTTP 200 from /where, but its body does not contain the expected text", "200")


def test_a_path_is_encoded_and_cannot_add_a_header(serve: Serve) -> None:
    heard: list[bytes] = []
    port = serve(in_turn(b"HTTP/1.1 200 OK\r\n\r\n", heard=heard))
    assert ask(port, path="/ü b\r\nX-Evil: 1?token=%20").ok
    assert heard[0].startswith(b"GET /%C3%BC%20b%0D%0AX-Evil:%201?token=%20 HTTP/1.1\r\nHost: ")


def test_the_query_is_not_shown(site: int) -> None:
    assert ask(site, path="/a?token=1234").detail == "HTTP 200 from /a"


@pytest.mark.parametrize("path", ["", "healthz", "http://elsewhere/"])
def test_a_path_starts_with_a_slash(path: str) -> None:
    with pytest.raises(ValueError, match="does not start with"):
        ask(1, path=path)


@pytest.mark.parametrize("status", ["", "2", "20", "2000", "xx", "20x", "ok", "200;204", "²xx", "200,", "1xxxx"])
def test_a_status_is_a_code_or_a_class(status: str) -> None:
    with pytest.raises(ValueError, match="neither a status"):
        ask(1, status=status)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200\r\n\r\n",
        b"HTTP/1.1 200 \nServer: bare line feeds\n\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_well_formed_heads(serve: Serve, answer: bytes) -> None:
    assert ask(serve(say(answer)), status="200").ok


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 600 OK\r\n\r\n",
        b"HTTP/1.1 +20 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ],
)
def test_what_is_not_http_is_never_ready(serve: Serve, answer: bytes) -> None:
    assert ask(serve(say(answer)), status="any").code == "protocol"


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 10\r\n\r\nall is wellbeyond",
        b"\r\nall is well, says the body",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nall \r\n7;why=so\r\nis well\r\n0\r\n\r\n",
        b"Transfer-Encoding: Chunked\r\n\r\n00B\nall is well\n0\n\n",
    ],
)
def test_a_text_is_found_however_the_body_is_framed(serve: Serve, framed: bytes) -> None:
    port = serve(say(b"HTTP/1.1 200 OK\r\n" + framed))
    assert ask(port, contains="all is wel").ok
    assert not ask(port, contains="beyond").ok


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: ten\r\n\r\nall is well",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nall is well",
        b"Transfer-Encoding: chunked\r\n\r\n0x4\r\nall \r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 5000 + b"\r\nall \r\n",
        b"Transfer-Encoding: chunked\r\n\r\n\r\n",
    ],
)
def test_a_body_with_a_broken_frame(serve: Serve, framed: bytes) -> None:
    port = serve(say(b"HTTP/1.1 200 OK\r\n" + framed))
    assert ask(port, contains="all is well").code == "protocol"
    assert ask(port).ok


def test_a_text_beyond_the_byte_limit_is_not_found(serve: Serve) -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000 + b"needle"
    assert not ask(serve(say(answer)), contains="needle").ok
    assert ask(serve(say(answer)), contains="x" * 20_000).ok


def test_a_body_that_is_not_needed_is_not_waited_for(serve: Serve) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    assert ask(serve(say_and_hold(head))).ok
    assert ask(serve(say_and_hold(head + b"needle")), contains="needle").ok
    assert ask(serve(say_and_hold(head)), 0.1, contains="needle").code == "timeout"
    assert not ask(serve(say_and_hold(b"HTTP/1.1 204 No\r\n\r\n")), contains="needle").ok
