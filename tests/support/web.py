"""An HTTP server on loopback for files in memory, which may behave as servers should not."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """What the server has and how it behaves; all of it may be changed while it runs.

    Attributes:
        files: their bytes by their path, such as ``/a.zip``.
        ranges: whether parts of files are sent.
        cut: files of which less is sent than was announced.
        short: files whose announced length is so much less than they have.
        unsized: files of which no length is said.
        sent_on: where a path leads to.
        states: the ETag of a path; of others there is none.
        failing: paths that are answered with a status alone.
        dropped: paths of which the connection ends without an answer.
        login: what the header Authorization has to be.
        asked: every request: method, path, range.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    cut: set[str] = field(default_factory=set)
    short: dict[str, int] = field(default_factory=dict)
    unsized: set[str] = field(default_factory=set)
    sent_on: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    login: str | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    address: str = ""

    @property
    def sent(self) -> list[tuple[str, str | None]]:
        """Path and range of what was fetched."""
        return [(path, part) for method, path, part in self.asked if method == "GET"]


class _Handler(BaseHTTPRequestHandler):
    """Answers as ``web`` says."""

    web: Web

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        web, part = self.web, self.headers.get("Range")
        web.asked.append((self.command, self.path, part))
        if web.login is not None and self.headers.get("Authorization") != web.login:
            self._say(401, {"Content-Length": "0"})
        elif self.path in web.dropped:
            self.close_connection = True
        elif self.path in web.failing:
            self._say(web.failing[self.path], {"Content-Length": "0"})
        elif self.path in web.sent_on:
            self._say(302, {"Location": web.sent_on[self.path], "Content-Length": "0"})
        elif self.path not in web.files:
            self._say(404, {"Content-Length": "0"})
        else:
            self._send(web.files[self.path], part if web.ranges else None, with_body=with_body)

    def _say(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, data: bytes, part: str | None, *, with_body: bool) -> None:
        web, headers = self.web, {}
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", part or "")
        body = data[int(found[1]) : int(found[2]) + 1] if found else data
        if found:
            headers["Content-Range"] = f"bytes {found[1]}-{found[2]}/{len(data)}"
        if self.path not in web.unsized:
            headers["Content-Length"] = str(len(body) - web.short.get(self.path, 0))
        if self.path in web.states:
            headers["ETag"] = f'"{web.states[self.path]}"'
        self._say(206 if found else 200, headers)
        if with_body:
            self.wfile.write(body[: len(body) // 2] if self.path in web.cut else body)


@contextmanager
def serving(web: Web) -> Iterator[Web]:
    """The server, until the end of the block."""
    handler = type("Handler", (_Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    web.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
