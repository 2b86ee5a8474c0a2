"""The server as a process, and clients of it that are as plain as sockets."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class Failure(Exception):
    """Something that should hold does not."""


def holds(what, is_so):
    if not is_so:
        raise Failure(what)


class Program:
    """`venturi serve` on a port of its own, ended with its last use."""

    def __init__(self, command, models, *options, files=None, errors=None, environment=None):
        self.folder = tempfile.mkdtemp(prefix="venturi-robust-")
        self.out = os.path.join(self.folder, "out")
        self.err = errors or os.path.join(self.folder, "err")
        arguments = [*command, "--port", "0", "--json", "--log-level", "warning", *options]
        for model in models:
            arguments += ["-m", model]

        def limit():
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        kept = {key: value for key, value in os.environ.items() if not key.startswith("VENTURI_")}
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                arguments, stdout=out, stderr=err, stdin=subprocess.DEVNULL, preexec_fn=limit,
                env={**kept, **(environment or {})})
        self.port = self._port()

    def _port(self):
        for _ in range(600):
            line = open(self.out).readline()
            if line.startswith('{"url"'):
                return json.loads(line)["port"]
            holds(f"the server ended: {self.errors()}", self.process.poll() is None)
            time.sleep(0.05)
        raise Failure("the server does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def errors(self):
        return open(self.err).read()[-2000:] if os.path.isfile(self.err) else ""

    def is_alive(self):
        return self.process.poll() is None

    def ready(self):
        for _ in range(600):
            holds(f"the server ended: {self.errors()}", self.is_alive())
            try:
                if self.get("/health")[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.05)
        raise Failure("the server does not get ready")

    def connect(self, timeout=60):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def ask(self, method, path, body=None, timeout=60):
        """Status, headers and body of an answer; OSError where there is none."""
        text = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(text)}\r\n\r\n"
        with self.connect(timeout) as connection:
            connection.sendall(head.encode() + text)
            return parse(drain(connection))

    def get(self, path, timeout=60):
        return self.ask("GET", path, timeout=timeout)

    def complete(self, timeout=60, **fields):
        return self.ask("POST", "/v1/completions", {"prompt": "hello", "max_tokens": 4, **fields}, timeout)

    def resident(self):
        """Bytes in memory."""
        with open(f"/proc/{self.process.pid}/statm") as figures:
            return int(figures.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as figures:
            fields = figures.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, timeout=60):
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)


def drain(connection):
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def parse(answer):
    """Status, headers and body; a body in chunks is put together."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    if not lines[0].startswith("HTTP/1.1 "):
        raise OSError(f"no answer: {answer[:80]!r}")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        whole, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            count = int(size or b"0", 16)
            if count == 0:
                break
            whole, rest = whole + rest[:count], rest[count + 2:]
        body = whole
    return int(lines[0].split()[1]), headers, body
