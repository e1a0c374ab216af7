"""`course serve` on an artifact, as a process of its own, and clients for it."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

COURSE = [sys.executable, "-c", "from helpers.cli import main; main()"]
# The same with other limits than the usual ones, so that no test has to wait for those.
LIMITED = """
import sys
from helpers.deployment import server
from helpers.deployment.service import Limits
sys.exit(server.run({folder!r}, port={port!r}, limits=Limits(**{limits!r})))
"""


class Service:
    """A running service.

    Attributes:
        process: which it is.
        address: of the service.
        port: that it listens on.
        stdout, stderr: files with what it wrote.
    """

    def __init__(self, process, stdout, stderr):
        self.process = process
        self.stdout, self.stderr = stdout, stderr
        self.address = self._wait_for_address()
        self.port = int(self.address.rpartition(":")[2])

    def _wait_for_address(self):
        for _ in range(600):
            if found := re.search(r"http://127\.0\.0\.1:\d+", self.stdout.read_text()):
                return found[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"it did not start: {self.stderr.read_text()}")

    def client(self, **options):
        """Return an HTTP client for it."""
        return httpx.Client(base_url=self.address, timeout=60, **options)

    def classify(self, content, name="picture"):
        """Send a file; return the answer."""
        with self.client() as client:
            return client.post("/classify", files={"file": (name, content)})

    def connect(self):
        """Return a bare connection, for clients that do not behave."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def stop(self, number=signal.SIGINT):
        """Send a signal; return the exit status."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def running_service(artifact, folder, port=None, **limits):
    """Run `course serve` on an artifact until the block ends.

    Args:
        artifact: an artifact.
        folder: for what it writes.
        port: to listen on; it chooses one if not given.
        limits: other ones than the usual, as in `Limits`.
    """
    if limits:
        script = LIMITED.format(folder=str(artifact.folder), port=port, limits=limits)
        command = [sys.executable, "-c", script]
    else:
        command = [*COURSE, "serve", str(artifact.folder)]
        command += [] if port is None else ["--port", str(port)]
    stdout, stderr = folder / "stdout.txt", folder / "stderr.txt"
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
    try:
        yield Service(process, stdout, stderr)
    finally:
        process.kill()
        process.wait()


def send_all(service, contents, clients):
    """Send files from several clients at once; return the answers in the order of the files.

    What goes wrong for a client stands in place of its answer.
    """

    def send(numbers):
        answers = {}
        with service.client() as client:
            for number in numbers:
                try:
                    answers[number] = client.post("/classify", files={"file": contents[number]})
                except httpx.HTTPError as error:
                    answers[number] = error
        return answers

    shares = [range(first, len(contents), clients) for first in range(clients)]
    answers = {}
    with ThreadPoolExecutor(clients) as pool:
        for share in pool.map(send, shares):
            answers.update(share)
    return [answers[number] for number in range(len(contents))]
