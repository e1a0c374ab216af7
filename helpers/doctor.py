"""`course doctor`: what is installed, what is missing, which data are there, and what to do."""

import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from helpers import cifar10, densenet, profiles

DISTRIBUTION = "transfer-learning-course"
ROOT = Path(__file__).resolve().parent.parent
PURPOSES = {"lab": "opens the notebooks", "instructor": "builds and grades the notebooks"}
TENSORFLOW_TIMEOUT = 180  # seconds; a first import from a cold or a network disk is slow
LITTLE_DISK = 2e9  # bytes; CIFAR-10's archive, unpacked and prepared, with room to spare

# In a process of its own: TensorFlow can end the process that imports it, and writes to stderr.
PROBE = """
import json, tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
print(json.dumps([entry.get("device_name", "a GPU") for entry in details]))
"""

OK, OPTIONAL, PROBLEM = "ok", "optional", "problem"
COLOURS = {OK: "green", OPTIONAL: "yellow", PROBLEM: "bold red"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: its name.
        state: `ok`, `optional` (the course runs without it) or `problem` (it does not).
        seen: what was found, in a few words.
        advice: what to do about it; empty if there is nothing to do.
    """

    subject: str
    state: str
    seen: str
    advice: str = ""


def run() -> int:
    """Print what is here, what is missing and what to do about it.

    Returns:
        The exit status: 0, or 1 if something is missing that the course cannot run without.
    """
    from rich.console import Console

    console = Console(highlight=False)
    console.print("Looking around. Importing TensorFlow takes some seconds.")
    findings = list(examine())
    console.print(_build_table(findings))
    for finding in findings:
        if finding.advice:
            console.print(f"[{COLOURS[finding.state]}]{finding.subject}[/]", end=": ")
            # A command has to stay in one piece to be copied, so nothing here is wrapped.
            console.print(finding.advice, markup=False, soft_wrap=True)
    problems = [finding.subject for finding in findings if finding.state == PROBLEM]
    if problems:
        console.print(f"[{COLOURS[PROBLEM]}]The course cannot run yet:[/] {', '.join(problems)}.")
    else:
        console.print("[green]Everything that the course needs is here.[/]")
    return 1 if problems else 0


def examine() -> Iterator[Finding]:
    """Yield what was found, one thing after another; reads only and uses no network."""
    yield _examine_python()
    yield from _examine_packages()
    yield from _examine_tensorflow()
    yield _examine_cifar10()
    yield _examine_weights()
    yield _examine_profile()
    yield from _examine_machine()
    yield _examine_program("bwrap", "Bubblewrap", "isolates what is graded", "bubblewrap")
    yield _examine_program("chromium", "Chromium", "for the browser tests only", "chromium")


def _build_table(findings: list[Finding]):
    from rich.table import Table
    from rich.text import Text

    table = Table("", "What", "What was found")
    for finding in findings:
        state = Text(finding.state, style=COLOURS[finding.state])
        table.add_row(state, Text(finding.subject), Text(finding.seen, overflow="fold"))
    return table


def _pip_install(*arguments: str) -> str:
    """Return the command that installs into this environment, whatever PATH holds."""
    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])


def _examine_python() -> Finding:
    from packaging.specifiers import SpecifierSet

    seen = f"{platform.python_version()}, {sys.executable}"
    supported = metadata.metadata(DISTRIBUTION)["Requires-Python"]
    if SpecifierSet(supported).contains(platform.python_version(), prereleases=True):
        return Finding("Python", OK, seen)
    advice = f"The course needs Python {supported}. Install one, then: make lab PYTHON=..."
    return Finding("Python", PROBLEM, seen, advice)


def _examine_packages() -> Iterator[Finding]:
    """Yield one finding for each package that the course's own description asks for."""
    from packaging.requirements import Requirement

    seen_before = set()
    for requirement in map(Requirement, metadata.requires(DISTRIBUTION)):
        extra = next((name for name in PURPOSES if _belongs_to(requirement, name)), None)
        if requirement.name in seen_before or (requirement.marker and extra is None):
            continue
        seen_before.add(requirement.name)
        yield _examine_package(requirement, extra)


def _belongs_to(requirement, extra: str) -> bool:
    marker = requirement.marker
    return bool(marker and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""}))


def _examine_package(requirement, extra: str | None) -> Finding:
    name, purpose = requirement.name, f" ({PURPOSES[extra]})" if extra else ""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        seen = "missing"
    else:
        if requirement.specifier.contains(version, prereleases=True):
            return Finding(name, OK, version + purpose)
        seen = f"{version}, but the course needs {requirement.specifier}"
    advice = _pip_install("-r", str(ROOT / "requirements.lock"))
    return Finding(name, OPTIONAL if extra else PROBLEM, seen + purpose, advice)


def _examine_tensorflow() -> Iterator[Finding]:
    """Yield whether TensorFlow can be imported, and which GPUs it sees."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", PROBE],
            capture_output=True,
            text=True,
            timeout=TENSORFLOW_TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        seen = f"its import took more than {TENSORFLOW_TIMEOUT} seconds"
        advice = "The disk may be slow or busy. Try again; the second import is usually faster."
        yield Finding("TensorFlow's import", PROBLEM, seen, advice)
        return
    if probe.returncode:
        yield _explain_failed_import(probe)
        return
    yield Finding("TensorFlow's import", OK, "works")
    yield _examine_gpus(json.loads(probe.stdout.splitlines()[-1]))


def _explain_failed_import(probe: subprocess.CompletedProcess) -> Finding:
    if probe.returncode == -getattr(signal, "SIGILL", 0):
        seen = "this processor lacks instructions that TensorFlow is built with (AVX)"
        advice = "Use another machine, for instance a hosted notebook."
    else:
        seen = (probe.stderr.strip().splitlines() or [f"exit status {probe.returncode}"])[-1]
        lock = str(ROOT / "requirements.lock")
        advice = _pip_install("--force-reinstall", "-r", lock)
    return Finding("TensorFlow's import", PROBLEM, seen, advice)


def _examine_gpus(names: list[str]) -> Finding:
    if names:
        return Finding("GPU", OK, ", ".join(names))
    if shutil.which("nvidia-smi") or Path("/proc/driver/nvidia").exists():
        seen = "there is an NVIDIA driver, but TensorFlow sees no GPU"
        return Finding("GPU", OPTIONAL, seen, _pip_install("-e", f"{ROOT}[gpu]"))
    return Finding("GPU", OK, "none; the profiles quick and grade are made for that")


def _examine_cifar10() -> Finding:
    folder = cifar10.prepared_folder()
    if os.environ.get("TFDS_DATA_DIR"):
        where = f"{folder} (TFDS_DATA_DIR is set)"
    else:
        where = f"{folder} (TFDS_DATA_DIR is not set)"
    if cifar10.is_prepared():
        return Finding("CIFAR-10", OK, where)
    if folder.exists():
        seen = f"not whole: {cifar10.find_fault()}, in {where}"
        return Finding("CIFAR-10", OPTIONAL, seen, "Move that folder away, and prepare it again.")
    advice = (
        f"Set TFDS_DATA_DIR to the folder that holds cifar10/{cifar10.VERSION}; or run "
        "`course data get cifar10`, which downloads it (170 MB); or save "
        f"{cifar10.ARCHIVE_URL} as {cifar10.archive_path()}"
    )
    return Finding("CIFAR-10", OPTIONAL, f"not in {where}", advice)


def _examine_weights() -> Finding:
    path = densenet.imagenet_weights_path()
    subject = "DenseNet201's weights"
    if path.is_file():
        return Finding(subject, OK, f"{path}, {path.stat().st_size / 1e6:.0f} MB")
    advice = (
        "Run `course data get densenet201`, which downloads them (74 MB); or save "
        f"{densenet.IMAGENET_WEIGHTS_ADDRESS} as {path}"
    )
    return Finding(subject, OPTIONAL, f"not in {path.parent}", advice)


def _examine_profile() -> Finding:
    try:
        profile = profiles.current(pinned="quick")  # as the notebooks ask for it
    except ValueError as error:
        advice = f"Unset {profiles.ENVIRONMENT_VARIABLE}, or set it to one of these."
        return Finding("Profile", PROBLEM, str(error), advice)
    seen = f"{profile.name} ({profile.reason}): {profile.dataset}, {profile.backbone}"
    return Finding("Profile", OK, seen)


def _examine_machine() -> Iterator[Finding]:
    free = shutil.disk_usage(ROOT).free
    seen = f"{free / 1e9:.0f} GB free at {ROOT}"
    if free < LITTLE_DISK:
        yield Finding("Disk", OPTIONAL, seen, "Make room before CIFAR-10 is downloaded.")
    else:
        yield Finding("Disk", OK, seen)
    yield Finding("Processor cores", OK, f"{profiles.usable_cores()}")
    if hasattr(os, "sysconf"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        yield Finding("Memory", OK, f"{memory / 1e9:.0f} GB")


def _examine_program(command: str, subject: str, purpose: str, package: str) -> Finding:
    if path := shutil.which(command):
        return Finding(subject, OK, f"{path} ({purpose})")
    advice = f"On Debian and Ubuntu: sudo apt install {package}"
    return Finding(subject, OPTIONAL, f"not found ({purpose})", advice)
