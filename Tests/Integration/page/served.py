"""The real program, started for the length of a test."""

import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from devtools import Failure


class Served:
    """A server on a port of its own, whose model is loaded."""

    def __init__(self, venturi, *arguments, port=0):
        environment = {name: value for name, value in os.environ.items() if name not in ("VENTURI_API_KEY", "VENTURI_PORT", "VENTURI_HOST")}
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [venturi, "serve", "--port", str(port), "--json", "-m", "smollm2", *arguments], stdout=subprocess.PIPE, stderr=self.log,
            env=environment, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise Failure("the server does not start: " + self.log.read())
        self.url = json.loads(line)["url"]
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/health").read()
                return
            except urllib.error.HTTPError:
                time.sleep(0.1)
        raise Failure("the model is not loaded")

    def get(self, path, **headers):
        """Status, headers and body of an answer."""
        return self.answer(urllib.request.Request(self.url + path, headers={name.replace("_", "-"): value for name, value in headers.items()}))

    def post(self, path, body):
        """Status, headers and body of the answer to a JSON body."""
        return self.answer(urllib.request.Request(self.url + path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}))

    @staticmethod
    def answer(request):
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def metric(self, line):
        """A figure of /metrics."""
        for found in self.get("/metrics")[2].decode().splitlines():
            if found.startswith(line + " "):
                return float(found.split()[-1])
        return None

    def until(self, what, holds, seconds=60):
        """Waits until something holds; the limit only keeps the suite from hanging."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise Failure(f"never: {what}")
            time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.process.stdout.close()
        self.log.close()
