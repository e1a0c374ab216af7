"""The lock: complete, hashed, without addresses, and enough for what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKED_EXTRAS = ("lab", "instructor", "dev")

# What decides markers: as each system with each supported Python describes itself.
SYSTEMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
]
VERSIONS = ["3.11.2", "3.11.14", "3.12.1", "3.13.0"]
ENVIRONMENTS = [
    {**system, "python_version": version.rsplit(".", 1)[0], "python_full_version": version}
    for system in SYSTEMS
    for version in VERSIONS
]


def read_lock():
    """Return the lock's requirements, each with the hashes that follow it."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    parts = [line.split(" --hash=") for line in lines]
    return [(Requirement(part[0]), [hash_.strip() for hash_ in part[1:]]) for part in parts]


def applies(requirement, environment):
    return requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""})


def test_every_line_pins_one_version_and_has_hashes():
    locked = read_lock()
    assert len(locked) > 100
    for requirement, hashes in locked:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, f"{requirement} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", hash_) for hash_ in hashes), requirement


def test_no_line_has_an_address_or_an_option_of_its_own():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|\s@\s", text)
    assert not re.findall(r"^-.*", text, flags=re.MULTILINE)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda e: "-".join(e.values()))
def test_the_lock_holds_everything_that_the_project_asks_for(environment):
    pins = {}
    for requirement, _ in read_lock():
        if applies(requirement, environment):
            name = canonicalize_name(requirement.name)
            assert name not in pins, f"{name} is pinned twice"
            pins[name] = str(requirement.specifier).removeprefix("==")
    asked = PROJECT["dependencies"] + [
        line for extra in LOCKED_EXTRAS for line in PROJECT["optional-dependencies"][extra]
    ]
    for requirement in map(Requirement, asked):
        if applies(requirement, environment):
            version = pins.get(canonicalize_name(requirement.name))
            assert version, f"{requirement.name} is not in the lock; run `make lock`"
            assert requirement.specifier.contains(version), f"{requirement}, but locked {version}"


def test_the_pythons_tried_here_are_the_supported_ones():
    supported = SpecifierSet(PROJECT["requires-python"])
    minors = [f"3.{minor}.5" for minor in range(8, 20)]
    tried = {version.rsplit(".", 1)[0] for version in VERSIONS}
    assert {version.rsplit(".", 1)[0] for version in supported.filter(minors)} == tried


def test_the_backend_that_builds_the_package_is_in_the_lock():
    """`pip install --no-build-isolation -e .` finds it nowhere else from Python 3.12 on."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    versions = {requirement.name: requirement.specifier for requirement, _ in read_lock()}
    for requirement in map(Requirement, build["requires"]):
        pinned = str(versions[requirement.name]).removeprefix("==")
        assert requirement.specifier.contains(pinned)
