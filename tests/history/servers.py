"""Stock git servers on this machine: git daemon, git http-backend behind a small HTTP server, an ssh that
runs what it is told here, and a server that says whatever a test wants."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def bare(folder: Path) -> Path:
    """An empty bare repository of stock git that may be pushed to by everyone."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    subprocess.run(["git", "-C", folder, "config", "http.receivepack", "true"], check=True)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def git_daemon(base: Path) -> Iterator[str]:
    """``git://127.0.0.1:PORT`` over the folders in `base`."""
    port = free_port()
    command = ["git", "daemon", f"--port={port}", "--listen=127.0.0.1", f"--base-path={base}", "--export-all",
               "--enable=receive-pack", "--reuseaddr", str(base)]  # fmt: skip
    daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield f"git://127.0.0.1:{port}"
    finally:
        os.killpg(daemon.pid, 15)
        daemon.wait()


class _Backend(BaseHTTPRequestHandler):
    base: Path
    login = ""
    cut = -1

    def do_GET(self) -> None:
        self._run(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._run(body)

    def _run(self, body: bytes) -> None:
        given = self.headers.get("Authorization", "")
        if self.login and given != "Basic " + base64.b64encode(self.login.encode()).decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="worlds"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.base), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "someone",
            "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }  # fmt: skip
        if self.headers.get("Content-Encoding"):
            environment["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.decode().partition(": ") for line in head.split(b"\r\n")]
        status = next((int(value.split()[0]) for name, _, value in lines if name == "Status"), 200)
        self.send_response(status)
        for name, _, value in lines:
            if name and name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.cut >= 0 and self.command == "POST":
            content = content[: self.cut]
            self.close_connection = True
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def http_backend(base: Path, login: str = "", cut: int = -1) -> Iterator[str]:
    """``http://127.0.0.1:PORT`` over the folders in `base`; `login` (``name:password``) is asked for;
    answers to requests for packs end after `cut` bytes."""
    handler = type("Backend", (_Backend,), {"base": base, "login": login, "cut": cut})
    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fake_ssh(folder: Path, refuse: bool = False) -> str:
    """A program that takes ssh's arguments and runs the command here; `refuse` plays a wrong key."""
    program = folder / "ssh"
    said = folder / "ssh.log"
    if refuse:
        body = 'echo "someone@example.org: Permission denied (publickey)." >&2\nexit 255\n'
    else:
        body = f'echo "$@" >> {said}\nfor last in "$@"; do :; done\nexec sh -c "$last"\n'
    program.write_text("#!/bin/sh\n" + body)
    program.chmod(0o755)
    return str(program)


def line(text: bytes | str) -> bytes:
    """One pkt-line."""
    data = text if isinstance(text, bytes) else text.encode()
    return b"%04x" % (len(data) + 4) + data


@contextmanager
def liar(refs: dict[str, str], pack: bytes = b"", answer: Callable[[], Iterator[bytes]] | None = None) -> Iterator[str]:
    """A git:// server that offers `refs` and sends `pack` to whoever asks, or says `answer` and no more."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection, connection.makefile("rwb") as stream:
            size = int(stream.read(4), 16)
            stream.read(size - 4)
            if answer is not None:
                for piece in answer():
                    stream.write(piece)
                stream.flush()
                return
            first = "\0ofs-delta agent=liar"
            for name, value in refs.items():
                stream.write(line(f"{value} {name}{first}\n"))
                first = ""
            stream.write(b"0000")
            stream.flush()
            while (word := stream.read(4)) and word != b"0009":
                stream.read(max(0, int(word, 16) - 4))
            stream.write(line("NAK\n") + pack)
            stream.flush()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"git://127.0.0.1:{server.getsockname()[1]}/worlds"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
