"""A Hugging Face hub of data sets on this machine: what the library datasets asks of a repository at one revision."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

import pytest
from huggingface_hub import HfFileSystem, close_session, constants

ABOUT = re.compile(r"/api/datasets/([^/]+/[^/]+)(?:/revision/([^/]+))?")
TREE = re.compile(r"/api/datasets/([^/]+/[^/]+)/(?:tree|paths-info)/([^/]+)(?:/(.*))?")
FILE = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
Revisions = Mapping[str, tuple[str, Path]]
"""What a revision of a repository means: a commit, and the folder that it holds; ``main`` is there."""


class DatasetHub(ThreadingHTTPServer):
    """Repositories by name; ``asked`` has every request, and of files in ``cut`` only half is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, Revisions] = {}
        self.asked: list[str] = []
        self.cut: set[str] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def held(self, name: str, revision: str | None) -> tuple[str, Path] | None:
        """Commit and folder of a revision, which may be the commit itself."""
        revisions = self.repositories.get(name, {})
        by_commit = {commit: (commit, folder) for commit, folder in revisions.values()}
        return {**revisions, **by_commit}.get(revision or "main")

    def handle_error(self, *_: object) -> None:
        """A client that gave up is no news."""


class Handler(BaseHTTPRequestHandler):
    server: DatasetHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self, *, body: bool = True) -> None:
        path = unquote(urlparse(self.path).path)
        self.server.asked.append(f"{self.command} {path}")
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        for pattern, reply in ((FILE, self.file), (TREE, self.tree), (ABOUT, self.about)):
            if named := pattern.fullmatch(path):
                held = self.server.held(named[1], named[2])
                if held is None:
                    known = named[1] in self.server.repositories
                    self.send(
                        404, b"", {"X-Error-Code": "RevisionNotFound" if known else "RepoNotFound"}, body
                    )
                else:
                    reply(*held, *named.groups()[2:], text=text, body=body)  # type: ignore[operator]
                return
        self.send(404, b"", {}, body)

    def about(self, commit: str, folder: Path, *, text: str, body: bool) -> None:
        del text
        names = [{"rfilename": name} for name in sorted(files_in(folder))]
        self.say({"id": "x/y", "sha": commit, "siblings": names, "private": False, "tags": []}, body)

    def tree(self, commit: str, folder: Path, below: str | None, *, text: str, body: bool) -> None:
        """All files below a path, or those of the paths that were posted."""
        files = files_in(folder)
        if "paths-info" in self.path:
            asked = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text).get("paths", [])
            asked = [asked] if isinstance(asked, str) else asked
            found = [entry(name, files) for name in asked if name in files]
            folders = {parent for name in files for parent in parents(name)}
            found += [
                {"type": "directory", "path": name, "oid": "0" * 40} for name in asked if name in folders
            ]
        else:
            start = f"{below}/" if below else ""
            found = [entry(name, files) for name in sorted(files) if name.startswith(start)]
            folders = {parent for name in files for parent in parents(name) if parent.startswith(start)}
            found += [{"type": "directory", "path": name, "oid": "0" * 40} for name in sorted(folders)]
        self.say(found, body, {"X-Repo-Commit": commit})

    def file(self, commit: str, folder: Path, name: str, *, text: str, body: bool) -> None:
        del text
        files = files_in(folder)
        head = {"X-Repo-Commit": commit}
        if name not in files:
            self.send(404, b"", {**head, "X-Error-Code": "EntryNotFound"}, body)
            return
        data = files[name].read_bytes()
        head["ETag"] = f'"{hashlib.sha256(data).hexdigest()}"'
        self.send(200, data, head, body, cut=name in self.server.cut)

    def say(self, found: object, body: bool, head: Mapping[str, str] = {}) -> None:
        self.send(200, json.dumps(found).encode(), {"Content-Type": "application/json", **head}, body)

    def send(
        self, status: int, data: bytes, head: Mapping[str, str], body: bool, *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data[: len(data) // 2] if cut else data)
            self.close_connection = cut

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def files_in(folder: Path) -> dict[str, Path]:
    return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}


def parents(name: str) -> list[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def entry(name: str, files: Mapping[str, Path]) -> dict[str, object]:
    data = files[name].read_bytes()
    return {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}


@contextmanager
def dataset_hub(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[DatasetHub]:
    """A hub that the clients ask in place of the real one, with empty caches below ``home``."""
    import datasets

    hub = DatasetHub()
    thread = threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "ENDPOINT", hub.address)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", hub.address)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "datasets")
    HfFileSystem.clear_instance_cache()
    close_session()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
        close_session()
        HfFileSystem.clear_instance_cache()
