"""Rows of the server's reliability table that need a process of its own.

usage: robust.py PATH-OF-venturi [ROW...]; SOAK=full runs the numbers that a release asks for, instead of a few. A line for each row:
what was asked and what was measured."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from program import Failure, Program, holds, parse, drain

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "..", "..", "..", "Golden", "tiny", "q4_k_m.gguf.bin")
FULL = os.environ.get("SOAK") == "full"


def count(few, full):
    return full if FULL else few


class Bench:
    """What rows work with: the program, and a folder with small models."""

    def __init__(self, venturi):
        self.venturi = venturi
        self.folder = tempfile.mkdtemp(prefix="venturi-models-")

    def model(self, name="tiny"):
        path = os.path.join(self.folder, name + ".gguf")
        shutil.copy(TINY, path)
        return path

    def large(self):
        """The default model where it has been pulled, else a small one."""
        home = os.environ.get("VENTURI_HOME") or os.path.expanduser("~/.cache/venturi")
        folder = os.path.join(home, "models", "smollm2")
        names = [name for name in (os.listdir(folder) if os.path.isdir(folder) else []) if name.endswith(".gguf")]
        return os.path.join(folder, names[0]) if names else self.model("large")

    def start(self, models, *options, program=None, **more):
        command = [os.path.join(os.path.dirname(self.venturi), program)] if program else [self.venturi, "serve"]
        return Program(command, models, *options, **more)


def stream(program, results, index, fields):
    """Reads a stream to its end and keeps how it ended: its last event, or what went wrong."""
    try:
        body = json.dumps({"prompt": "once", "stream": True, "ignore_eos": True, "seed": index, **fields}).encode()
        with program.connect() as connection:
            connection.sendall(
                b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            status, _, text = parse(drain(connection))
        events = [line[6:] for line in text.decode().split("\n\n") if line.startswith("data: ")]
        results[index] = (status, events[-1] if events else text.decode())
    except (OSError, ValueError) as problem:
        results[index] = (0, repr(problem))


def running(program):
    text = program.get("/metrics")[2].decode()
    return int(next(line.split()[1] for line in text.split("\n") if line.startswith("venturi_requests_running")))


def s12(bench):
    """SIGTERM with 32 streams: each ends whole or with an error event, new requests are refused, exit code 0."""
    runs, (whole, told, refused) = count(3, 100), (0, 0, 0)
    for run in range(runs):
        # Every third run has not the time to end what runs.
        limit = "0.3" if run % 3 == 2 else "60"
        with bench.start([bench.model()], "--drain-timeout", limit, "-c", "512") as program:
            program.ready()
            results = {}
            threads = [
                threading.Thread(target=stream, args=(program, results, index, {"max_tokens": 480})) for index in range(32)]
            for thread in threads:
                thread.start()
            wait_until("all run", lambda: running(program) == 32 or results)
            time.sleep(random.random() * 0.2)
            program.process.terminate()
            wait_until("it says that it ends", lambda: not is_healthy(program))
            try:
                status = program.complete(timeout=10)[0]
            except OSError:
                status = 0  # it listens no longer
            holds(f"run {run}: a request after SIGTERM got {status}", status in (0, 503))
            refused += 1
            code = program.process.wait(90)
            for thread in threads:
                thread.join(30)
            holds(f"run {run}: exit code {code}: {program.errors()}", code == 0)
            holds(f"run {run}: {len(results)} streams ended", len(results) == 32)
            for index, (status, last) in results.items():
                holds(f"run {run}: stream {index} ended with {status} {last!r}",
                      (status == 200 and (last == "[DONE]" or '"shutting_down"' in last)) or status == 503)
                whole += last == "[DONE]"
                told += last != "[DONE]"
    # Told to stop while its first model is loaded.
    for run in range(runs):
        with bench.start([bench.large()]) as program:
            time.sleep(random.random() * 0.2)
            code = program.stop()
            holds(f"exit code {code} while it loads: {program.errors()}", code == 0)
    return (f"{runs} runs of 32 streams, all whole or told, exit code 0, also while the model is loaded",
            f"{runs} runs: {whole} streams whole, {told} told, {refused} of {refused} later requests refused, exit code 0 each time")


def is_healthy(program):
    try:
        return program.get("/health")[0] == 200
    except OSError:
        return False  # it listens no longer


def wait_until(what, is_so, seconds=60):
    end = time.monotonic() + seconds
    while not is_so():
        holds(f"never: {what}", time.monotonic() < end)
        time.sleep(0.01)


def s13_files(bench):
    """More connections than the process may have files: it serves on without spinning, and recovers."""
    rounds = count(3, 50)
    busiest = 0
    for files in [64] * rounds:
        with bench.start([bench.model(), "two=" + bench.model("two")], files=files) as program:
            program.ready()
            kept = []
            for _ in range(2 * files):
                try:
                    kept.append(program.connect(5))
                except OSError:
                    break
            holds("the server ended", program.is_alive())
            before = program.processor_seconds()
            time.sleep(1)
            busiest = max(busiest, program.processor_seconds() - before)
            # A model cannot be opened now; one that is there answers who is connected.
            kept[0].sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n" + b'{"prompt": "x", "max_tokens": 2}')
            kept[0].settimeout(30)
            answer = kept[0].recv(1 << 16)
            holds(f"who is connected is answered: {answer[:300]!r} {program.errors()}", answer.startswith(b"HTTP/1.1 200"))
            body = b'{"prompt": "x", "max_tokens": 2, "model": "two"}'
            kept[1].settimeout(30)
            kept[1].sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            answer = kept[1].recv(1 << 16)
            holds(f"a load without files is told: {answer[:300]!r}", answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 200")))
            for connection in kept:
                connection.close()
            wait_until("it recovers", lambda: recovered(program))
            wait_until("two is loaded after all", lambda: program.complete(model="two")[0] == 200)
            holds("the server ended", program.stop() == 0)
    holds(f"the server spins while it has no files: {busiest:.2f} s of processor time in a second", busiest < 0.5)
    return (f"{rounds} rounds of twice as many connections as files: lives, answers, recovers",
            f"{rounds} rounds: all; at most {busiest:.2f} s of processor time in a second without files")


def recovered(program):
    try:
        return program.complete(timeout=5)[0] == 200
    except OSError:
        return False


def s13_disk(bench):
    """A full disk where the log and the first line go: the server serves on, and ends well."""
    runs = count(1, 20)
    for _ in range(runs):
        with bench.start([bench.model()], "--log-level", "trace", errors="/dev/full") as program:
            program.ready()
            for _ in range(20):
                holds("answers", program.complete()[0] == 200)
            holds("ends well", program.stop() == 0)
    return (f"{runs} runs with the log on a full disk", f"{runs} runs: 20 answers each, exit code 0")


def s13_calls(bench):
    """One failing call of the system at a time, at random moments: a typed error or none, and the next request works."""
    names = ["posix/mm/mmap", "posix/io/oc/open", "posix/io/rw/read", "posix/io/rw/pread", "posix/io/net/accept",
             "posix/io/net/recv", "posix/io/net/send", "posix/io/rw/writev", "posix/proc/pthread_create"]
    if not shutil.which("fiu-ctrl"):
        return ("each n-th call, n = 1 to 500", "not run: fiu-utils is not installed")
    wanted, failures, cut = count(9, 500), 0, 0
    pipes = os.path.join(bench.folder, "fiu")
    environment = {"LD_PRELOAD": "/usr/lib/fiu/fiu_run_preload.so /usr/lib/fiu/fiu_posix_preload.so", "FIU_CTRL_FIFO": pipes}
    # The program itself: its front would make the pipes and be gone.
    with bench.start([bench.model(), "two=" + bench.model("two")], "--max-loaded", "1", program="venturi-serve",
                     environment=environment) as program:
        program.ready()
        pid = program.process.pid
        for number in range(wanted):
            name = names[number % len(names)]
            subprocess.run(["fiu-ctrl", "-f", pipes, "-c", f"enable name={name},onetime,failinfo={random.choice([12, 24, 28, 5])}", str(pid)],
                           check=True, stdout=subprocess.DEVNULL)
            for model in ["two", "tiny"]:
                try:
                    status, _, body = program.complete(model=model, timeout=30)
                    holds(f"{name}: {status} {body[:200]}", status in (200, 503, 429, 500))
                    failures += status != 200
                except (OSError, ValueError):
                    cut += 1
            subprocess.run(["fiu-ctrl", "-f", pipes, "-c", f"disable name={name}", str(pid)], check=True, stdout=subprocess.DEVNULL)
            holds(f"{name}: the server ended: {program.errors()}", program.is_alive())
            wait_until(f"it recovers from {name}", lambda: recovered(program), 30)
        # A signal to stop would go to the library's own thread, which takes none: that it ends well is another row's.
    return (f"{wanted} failing calls of {len(names)} kinds: error, then recovery",
            f"{wanted}: {failures} answers with an error, {cut} connections cut, recovered each time")


def f9(bench):
    """The model's file is cut to nothing, written over and replaced while it generates: answers stay the same."""
    runs = count(5, 100)
    for run in range(runs):
        path = bench.model(f"cut{run}")
        with bench.start([path, f"again={path}"], "--max-loaded", "1", "--drain-timeout", "5") as program:
            program.ready()
            fields = {"temperature": 0, "max_tokens": 64, "ignore_eos": True}
            before = json.loads(program.complete(**fields)[2])["choices"][0]["text"]
            results = {}
            threads = [
                threading.Thread(target=stream, args=(program, results, index, {"max_tokens": 480})) for index in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(random.random() * 0.05)
            if run % 3 == 0:
                os.truncate(path, random.choice([0, 1, 4096, os.path.getsize(path) // 2]))
            elif run % 3 == 1:
                with open(path, "r+b") as file:
                    file.write(os.urandom(os.path.getsize(path)))
            else:
                with open(path + ".new", "wb") as file:
                    file.write(b"not a model")
                os.rename(path + ".new", path)
            for thread in threads:
                thread.join(60)
            holds(f"run {run}: {results}", [last for _, last in results.values()] == ["[DONE]"] * 4)
            holds("the same answer", json.loads(program.complete(**fields)[2])["choices"][0]["text"] == before)
            status, headers, body = program.complete(model="again")
            holds(f"run {run}: a damaged file is told: {status} {body}", status == 503 and b'"model_failed"' in body and "retry-after" in headers)
            bench.model(f"cut{run}")
            wait_until("a whole file is loaded again", lambda: program.complete(model="again")[0] == 200)
            holds("ends well", program.stop() == 0)
    return (f"{runs} files cut, written over or replaced while they generate", f"{runs}: all answers whole and the same, later loads told")


def memory(bench):
    """Models come and go: what they take goes back to the system."""
    cycles = count(8, 50)
    large = bench.large()
    size = os.path.getsize(large)
    with bench.start([bench.model(), f"large={large}"], "--max-loaded", "1", "-c", "512") as program:
        program.ready()
        low, high = [], []
        for _ in range(cycles):
            holds("answers", program.complete(model="large")[0] == 200)
            high.append(program.resident())
            holds("answers", program.complete(model="tiny")[0] == 200)
            holds("unloaded", json.loads(program.get("/v1/models/large")[2])["status"] == "unloaded")
            low.append(program.resident())
        growth = low[-1] - low[2]
        holds(f"{growth} bytes more after {cycles} cycles than after three: {low}", growth < size // 8 + (8 << 20))
        holds(f"a loaded model is seen: {high[0]} {low[0]}", size < 10 << 20 or min(high) - max(low) > size // 2)
        files = program.open_files()
        holds("ends well", program.stop() == 0)
    mib = 1 / (1 << 20)
    return (f"{cycles} loads and unloads of {size * mib:.0f} MiB: the memory goes back",
            f"loaded {max(high) * mib:.0f} MiB, unloaded {low[2] * mib:.1f} MiB after 3 and {low[-1] * mib:.1f} MiB after {cycles} cycles, "
            f"{files} files open")


def s11(bench):
    """A mixed load with clients that leave and models that come and go: the server's own memory and files stay as they are."""
    seconds = float(os.environ.get("SECONDS_EACH") or count(4, 8 * 3600))
    options = ["--max-loaded", "1", "--time-to-live", "0.2", "-c", "256"]
    with bench.start([bench.model(), "two=" + bench.model("two")], *options) as program:
        program.ready()
        end, tally, wrong = time.monotonic() + seconds, [0, 0], []

        def client(number):
            noise = random.Random(number)
            while time.monotonic() < end and not wrong:
                fields = {"prompt": "water " * noise.randint(1, 5), "max_tokens": noise.randint(1, 12), "seed": noise.randint(0, 9),
                          "stream": noise.random() < 0.5, "model": noise.choice(["tiny", "two"])}
                body = json.dumps(fields).encode()
                try:
                    with program.connect() as connection:
                        head = b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                        connection.sendall(head % len(body) + body)
                        if noise.random() < 0.05:
                            time.sleep(noise.random() * 0.004)
                            tally[1] += 1
                            continue
                        status, _, text = parse(drain(connection))
                    if status != 200 or fields["stream"] and not text.endswith(b"data: [DONE]\n\n"):
                        wrong.append(f"{status} {text[-200:]}")
                    tally[0] += 1
                except OSError as problem:
                    wrong.append(repr(problem))

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        points = []
        while time.monotonic() < end:
            points.append((time.monotonic(), program.resident() / (1 << 20), program.open_files()))
            time.sleep(min(5, seconds / 20))
        for thread in threads:
            thread.join(60)
        holds(f"wrong: {wrong[:3]}", not wrong)
        holds(f"nothing happened: {tally}", tally[0] > 0)
        loads = sum(int(float(line.split()[-1])) for line in program.get("/metrics")[2].decode().split("\n")
                    if line.startswith("venturi_model_loads_total{"))
        holds(f"{loads} loads", loads > 2)
        wait_until("nothing is loaded", lambda: b'"loaded"' not in program.get("/v1/models")[2])
        holds("ends well", program.stop() == 0)
    rest = points[len(points) // 3:]
    middle = sum(x for x, _, _ in rest) / len(rest), sum(y for _, y, _ in rest) / len(rest)
    slope = sum((x - middle[0]) * (y - middle[1]) for x, y, _ in rest) / sum((x - middle[0]) ** 2 for x, _, _ in rest) * 3600
    return (f"{seconds:.0f} s of mixed load, 5 % leave, reloads: at most 1 MiB/h after warm-up, files constant",
            f"{tally[0]} answered, {tally[1]} left, {loads} loads, {min(y for _, y, _ in rest):.1f} to {max(y for _, y, _ in rest):.1f} MiB, "
            f"{slope:+.2f} MiB/h, {min(z for _, _, z in rest)} to {max(z for _, _, z in rest)} files")


ROWS = {"S11-process": s11, "S12": s12, "S13-files": s13_files, "S13-disk": s13_disk, "S13-calls": s13_calls, "F9": f9, "memory": memory}


def main():
    bench = Bench(sys.argv[1])
    chosen = sys.argv[2:] or list(ROWS)
    failed = []
    try:
        for name in chosen:
            start = time.monotonic()
            try:
                asked, measured = ROWS[name](bench)
                print(f"{name}: asked {asked} / measured {measured} ({time.monotonic() - start:.0f} s)", flush=True)
            except (Failure, Exception) as problem:  # a row that fails does not hide the others
                failed.append(name)
                print(f"{name}: FAILED: {problem}", flush=True)
                if not isinstance(problem, Failure):
                    traceback.print_exc()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


main()
