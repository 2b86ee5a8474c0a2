"""A browser driven by the DevTools protocol over its pipe: only what the page's tests need, and only Python's own library."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome"]


class Failure(Exception):
    """Something that should hold does not."""


def holds(what, is_so):
    """Fails with `what` unless it is so."""
    if not is_so:
        raise Failure(what)


def no_complaints(page, *expected):
    """Fails if the browser complained of anything but what is expected."""
    found = [each for each in page.complaints if not any(word in each for word in expected)]
    holds(f"the browser complains: {found}", not found)


class Browser:
    """A headless browser with a profile of its own."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, NAMES)), None)
        if not program:
            raise Failure("no browser: make setup installs chromium")
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self.to_write = os.pipe()
        self.from_read, from_write = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        shell = f"exec \"$0\" \"$@\" 3<&{to_read} 4>&{from_write}"
        flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
            "--disable-background-networking", "--disable-component-update", "--mute-audio", "--lang=en",
            f"--user-data-dir={self.profile.name}", "about:blank",
        ]
        self.log = open(os.path.join(self.profile.name, "log"), "w+")
        self.process = subprocess.Popen(
            ["bash", "-c", shell, program, *flags], pass_fds=[to_read, from_write], stdout=self.log, stderr=self.log,
            start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        self.rest = b""
        self.number = 0
        self.pages = {}
        self.context = None

    def send(self, method, params=None, session=None, timeout=60):
        """Calls a method and gives its result; events that come meanwhile are handled."""
        number = self.post(method, params, session)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            message = self.receive(end - time.monotonic())
            if message is None:
                continue
            if message.get("id") == number:
                if "error" in message:
                    raise Failure(f"{method}: {message['error'].get('message')}")
                return message["result"]
            self.handle(message)
        raise Failure(f"{method}: no answer within {timeout} s")

    def post(self, method, params=None, session=None):
        """Calls a method without waiting for its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self.to_write, json.dumps(message).encode() + b"\0")
        return self.number

    def receive(self, timeout):
        """The next message; None when none came in time."""
        while b"\0" not in self.rest:
            if not select.select([self.from_read], [], [], max(0, timeout))[0]:
                return None
            piece = os.read(self.from_read, 1 << 16)
            if not piece:
                self.log.seek(0)
                raise Failure("the browser ended:\n" + self.log.read()[-2000:])
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def handle(self, message):
        page = self.pages.get(message.get("sessionId"))
        if page and "method" in message:
            page.handle(message["method"], message["params"])

    def pump(self, seconds):
        """Handles events for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left)
            if message:
                self.handle(message)

    def renew(self):
        """Pages from now on find nothing of what earlier ones keep, even what those write while they close."""
        self.context = self.send("Target.createBrowserContext")["browserContextId"]

    def page(self):
        """A new page beside the last ones."""
        place = {"browserContextId": self.context} if self.context else {}
        target = self.send("Target.createTarget", {"url": "about:blank", **place})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session, target)
        self.pages[session] = page
        page.prepare()
        return page

    def close(self):
        try:
            self.send("Browser.close", timeout=10)
        except (Failure, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.profile.cleanup()


class Page:
    """A page, with everything that it complains about."""

    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target
        self.complaints = []
        self.answers = []
        self.requests = []

    def prepare(self):
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"]:
            self.send(f"{domain}.enable")
        self.size(1280, 800)

    def send(self, method, params=None, timeout=60):
        return self.browser.send(method, params, self.session, timeout)

    def handle(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append("console: " + " ".join(str(each.get("value", each.get("description"))) for each in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            entry = params["entry"]
            self.complaints.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}".strip())
        elif method == "Audits.issueAdded":
            issue = params["issue"]
            if issue["code"] == "ContentSecurityPolicyIssue":
                self.complaints.append(f"policy: {json.dumps(issue['details'])}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Fetch.requestPaused":
            self.intercept(params)

    def intercept(self, params):
        """Gives a prepared answer to a request, or lets it pass."""
        url = params["request"]["url"]
        for answer in self.answers:
            if url.endswith(answer["path"]) and answer["times"] > 0:
                answer["times"] -= 1
                answer["bodies"].append(params["request"].get("postData", ""))
                headers = [{"name": name, "value": value} for name, value in answer["headers"].items()]
                self.browser.post("Fetch.fulfillRequest", {
                    "requestId": params["requestId"], "responseCode": answer["status"], "responseHeaders": headers,
                    "body": base64.b64encode(answer["body"].encode()).decode(),
                }, self.session)
                return
        self.browser.post("Fetch.continueRequest", {"requestId": params["requestId"]}, self.session)

    def answer(self, path, body, status=200, times=1, **headers):
        """Prepares an answer in place of the server's to a path; what was asked comes to be in its `bodies`."""
        if not self.answers:
            self.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
        prepared = {
            "path": path, "body": body, "status": status, "times": times, "bodies": [],
            "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        }
        self.answers.append(prepared)
        return prepared

    def size(self, width, height, scale=1):
        self.send("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600,
        })

    def media(self, **features):
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.send("Emulation.setEmulatedMedia", {"features": named})

    def open(self, url):
        self.send("Page.navigate", {"url": url})
        self.wait("document.readyState === 'complete'")

    def run(self, expression):
        """The value of an expression, a promise's when it is one."""
        result = self.send("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise Failure(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return result["result"].get("value")

    def wait(self, expression, timeout=60):
        """Waits until an expression is true; the limit only keeps the suite from hanging."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                value = self.run(f"Promise.resolve({expression}).then(Boolean)")
            except Failure:
                value = None
            if value:
                return value
            self.browser.pump(0.05)
        raise Failure(f"not within {timeout} s: {expression}")

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def click(self, selector):
        """A click of the mouse in the middle of what is seen."""
        place = self.run(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            element.scrollIntoView({{ block: 'nearest' }});
            const box = element.getBoundingClientRect();
            return box.width && box.height ? [box.x + box.width / 2, box.y + box.height / 2] : null;
        }})()""")
        if not place:
            raise Failure(f"nothing to click: {selector}")
        for kind in ["mousePressed", "mouseReleased"]:
            self.send("Input.dispatchMouseEvent", {
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            })

    def type(self, text):
        self.send("Input.insertText", {"text": text})

    def key(self, name, shift=False):
        """A press of a key: Enter, Escape, Tab, Space."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "Space": 32, "ArrowDown": 40}
        texts = {"Enter": "\r", "Space": " "}
        params = {
            "key": " " if name == "Space" else name, "code": name, "windowsVirtualKeyCode": codes[name],
            "modifiers": 8 if shift else 0,
        }
        if name in texts:
            params["text"] = texts[name]
        self.send("Input.dispatchKeyEvent", {"type": "keyDown", **params})
        self.send("Input.dispatchKeyEvent", {"type": "keyUp", **params})

    def picture(self, path, whole=False):
        """A screenshot, of the whole page or of what is seen."""
        params = {"format": "png", "captureBeyondViewport": whole}
        data = self.send("Page.captureScreenshot", params)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.pages.pop(self.session, None)
        self.browser.send("Target.closeTarget", {"targetId": self.target})
