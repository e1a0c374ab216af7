"""The kernels that student notebooks run in, cold and warm: what they see, reach and leave behind.

Each test asks a real kernel, started as nbgrader starts it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager

from helpers.checks import HANDOVER_VARIABLE
from helpers.instructor import grading, isolation, kernels, submission, warm

pytestmark = pytest.mark.skipif(
    bool(isolation.why_not()), reason=f"needs isolation: {isolation.why_not()}"
)


class Kernel:
    """A running kernel; `run` returns what a cell printed."""

    def __init__(self, name):
        kernels.announce()
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(extra_arguments=["--log-level=40"])
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code, timeout=60):
        printed = []

        def collect(message):
            content = message["content"]
            printed.append(content.get("text") or content.get("evalue") or "")
            printed.extend(content.get("data", ()))

        code = textwrap.dedent(code)
        self.client.execute_interactive(code, timeout=timeout, output_hook=collect)
        return "".join(printed).strip()

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module", params=["course-warm", "course-isolated"])
def kernel(request):
    started = Kernel(request.param)
    yield started
    started.stop()


@pytest.fixture
def warm_kernel():
    started = Kernel("course-warm")
    yield started
    with contextlib.suppress(RuntimeError):
        started.stop()


def test_a_warm_kernel_has_imported_tensorflow_and_nothing_that_judges(warm_kernel):
    known = warm_kernel.run("import sys; print(*sys.modules)").split()
    assert {"tensorflow", "keras", "tensorflow_datasets", "helpers.checks.handover"} <= {*known}
    ours = {name for name in known if name.startswith(("helpers.checks", "helpers.instructor"))}
    assert ours == {
        *("helpers.checks", "helpers.checks.handover", "helpers.checks.operations"),
        *("helpers.checks.report", "helpers.checks.state"),
        *("helpers.instructor", "helpers.instructor.limited"),
    }
    assert not {"nbgrader", "sqlalchemy", "nbformat"} & {*known}


def test_what_it_can_write_to_is_its_own(kernel):
    writable = kernel.run(
        """
        import os
        for top, folders, _ in os.walk("/"):
            if top.startswith(("/proc/", "/sys/")):
                folders.clear()
                continue
            try: open(top + "/probe", "w").close()
            except OSError: continue
            os.remove(top + "/probe"); print(top)
        """
    ).split()
    own = str(kernel.manager.provisioner.folder)
    shared = [folder for folder in writable if not folder.startswith(own)]
    assert [f for f in shared if not f.startswith(("/tmp", "/dev/shm"))] == []


def test_it_sees_its_own_processes_and_no_others(kernel):
    seen = kernel.run(
        "import os; print([open(f'/proc/{n}/comm').read() for n in os.listdir('/proc') "
        "if n.isdigit() and int(n) != os.getpid()])"
    )
    assert "pytest" not in seen
    assert seen.count(",") <= 1  # those that hold its name space together


def test_it_is_nobody_and_stays_nobody(kernel):
    told = kernel.run(
        """
        import os
        status = open("/proc/self/status").read()
        print(os.getuid(), [l for l in status.splitlines() if l.startswith(("CapPrm", "CapEff"))])
        for become in (os.setuid, os.setgid):
            try: become(0); print("HIT")
            except OSError: pass
        try: os.open("/proc/sys/kernel/hostname", os.O_WRONLY); print("HIT")
        except OSError: pass
        """
    )
    assert told.partition(" ")[0] != "0"
    assert told.count("0000000000000000") == 2
    assert "HIT" not in told


def test_its_processes_are_limited_although_root_started_it(kernel):
    told = kernel.run(
        """
        import os, signal
        children = []
        try:
            for _ in range(2_000):
                children.append(os.posix_spawn("/bin/sleep", ["sleep", "300"], {}))
        except OSError as error:
            print(type(error).__name__)
        for child in children:
            os.kill(child, signal.SIGKILL); os.waitpid(child, 0)
        """
    )
    assert told == "BlockingIOError"


def test_its_memory_is_limited(kernel):
    assert "MemoryError" in kernel.run(
        f"""
        try: bytearray({isolation.Limits().memory + 2**28})
        except MemoryError: print("MemoryError")
        """
    )
    assert kernel.run("print(open('/proc/self/oom_score_adj').read())") == "1000"


def test_it_gets_no_memory_that_is_not_counted(kernel):
    """Shared memory stays when its process is gone; a folder in memory belongs to no process."""
    told = kernel.run(
        """
        import ctypes, os, threading
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.shmget(0, 2**20, 0o1600) >= 0: print("HIT shared memory")
        child = os.fork()
        if child == 0:
            os._exit(libc.unshare(0x10000000 | 0x00020000) == 0
                     and libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"size=1g") == 0)
        print("HIT" if os.waitpid(child, 0)[1] else "refused")
        thread = threading.Thread(target=print, args=["threads work"])
        thread.start(); thread.join()
        """
    )
    assert "HIT" not in told
    assert "refused" in told
    assert "threads work" in told


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_files_in_memory_are_limited(kernel, folder):
    told = kernel.run(
        f"""
        import os
        names = [f"{folder}/{{n}}" for n in range(20)]
        try:
            for name in names:
                with open(name, "wb") as file: file.write(bytes(2**26))
        except OSError as error: print(error)
        for name in names:
            if os.path.exists(name): os.remove(name)
        """
    )
    assert "No space left" in told


def test_it_can_talk_to_itself_and_to_nobody_else(kernel):
    told = kernel.run(
        """
        import socket
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(server.getsockname(), 5)
        print("reached itself")
        for address in (("1.1.1.1", 53), ("192.168.0.1", 80)):
            try: socket.create_connection(address, 2); print("HIT", address)
            except OSError as error: print(error)
        """
    )
    assert "reached itself" in told
    assert told.count("Network is unreachable") == 2


def test_tensorflow_can_be_imported_and_trains(kernel):
    """It needs a folder to write to while it is imported, and dies without `/proc`."""
    told = kernel.run(
        """
        import keras, numpy as np
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0)
        print("trained", model(np.ones((1, 2))).shape)
        """
    )
    assert "trained (1, 1)" in told


def test_an_interrupt_reaches_the_cell_and_the_kernel_goes_on(kernel):
    threading.Timer(1, kernel.manager.interrupt_kernel).start()
    told = kernel.run(
        """
        import time
        try: time.sleep(300)
        except KeyboardInterrupt: print("interrupted")
        """
    )
    assert told == "interrupted"
    assert kernel.run("print('goes on')") == "goes on"


def test_a_figure_is_shown(kernel):
    told = kernel.run("import matplotlib.pyplot as plt; lines = plt.plot([1, 2])")
    assert "image/png" in told


def test_what_is_covered_cannot_be_uncovered(warm_kernel):
    told = warm_kernel.run(
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        before = sorted(os.listdir(os.path.dirname(os.getcwd())))
        alone = libc.unshare(0x10000000 | 0x00020000)  # as another user, who may mount
        for folder in ("/proc", "/tmp", "/dev/shm", os.path.dirname(os.getcwd())):
            libc.umount2(folder.encode(), 2)
        print(before == sorted(os.listdir(os.path.dirname(os.getcwd()))), len(before))
        print(os.path.exists("/proc/1/root/etc/shadow"))
        """
    )
    assert told.split() == ["True", "1", "False"]


def test_two_warm_kernels_know_nothing_of_each_other(warm_kernel):
    warm_kernel.run(
        """
        import socket
        open("/tmp/mine", "w").close(); open("/dev/shm/mine", "w").close()
        listening = socket.socket(socket.AF_UNIX); listening.bind("\\0mine"); listening.listen()
        import numpy as np, random
        print(np.random.random(), random.random())
        """
    )
    other = Kernel("course-warm")
    told = other.run(
        """
        import os, socket
        print([f for f in ("/tmp/mine", "/dev/shm/mine", "/var/tmp") if os.path.exists(f)])
        own = os.path.basename(os.getcwd())
        print([name for name in os.listdir("..") if name != own])
        try: socket.socket(socket.AF_UNIX).connect("\\0mine"); print("HIT")
        except OSError: pass
        """
    )
    draw = "import numpy as np, random; print(np.random.random(), random.random())"
    drawn = {warm_kernel.run(draw), other.run(draw)}
    other.stop()
    assert told.split() == ["[]", "[]"]
    assert len({number for pair in drawn for number in pair.split()}) == 4


def test_a_notebook_draws_the_same_numbers_whenever_and_wherever_it_runs():
    cells = [
        "import random, numpy, keras",
        "random.random(); numpy.random.random()",
        "print(random.random(), numpy.random.random(), keras.random.uniform((1,)))",
        "print(sorted(name for name in dir() if 'seed' in name.lower()))",
    ]
    kernels.announce()
    printed = set()
    for name in ("course-warm", "course-warm", "course-isolated"):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        grading.Run(kernel_name=name).preprocess(notebook, {})
        isolation.remove(Path(os.environ.pop(HANDOVER_VARIABLE)))
        printed.add("".join(cell.outputs[0].text for cell in notebook.cells[2:]))
    assert len(printed) == 1
    assert printed.pop().endswith("[]\n")


def test_a_kernel_that_missed_a_request_is_asked_again(monkeypatch):
    """As ipykernel did: what it has missed, it notices with the next request."""
    misses = """
        handlers, missed = get_ipython().kernel.shell_handlers, []
        execute, inform = handlers["execute_request"], handlers["kernel_info_request"]
        async def miss(*request):
            missed.append(request)
        async def notice(*request):
            while missed:
                await execute(*missed.pop(0))
            await inform(*request)
        handlers |= {"execute_request": miss, "kernel_info_request": notice}
    """
    cells = [textwrap.dedent(misses), "pass"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    kernels.announce()
    monkeypatch.setattr(grading, "PATIENCE", 0.5)
    grading.Run(kernel_name="course-warm", notebook_timeout=30).preprocess(notebook, {})
    isolation.remove(Path(os.environ.pop(HANDOVER_VARIABLE)))
    assert "stopped" not in submission.notes_of(notebook)


@pytest.mark.parametrize("name", ["course-warm", "course-isolated"])
def test_whatever_it_started_ends_with_it(name):
    kernel = Kernel(name)
    kernel.run(
        """
        import signal, subprocess
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        subprocess.Popen(["sleep", "87654"], start_new_session=True)
        """
    )
    _wait_until(lambda: _sleepers("87654"))  # a program that just began may have no name yet
    kernel.client.execute("while True: pass")
    kernel.stop()
    _wait_until(lambda: not _sleepers("87654"))


def test_it_can_end_itself_and_the_client_hears_of_it(warm_kernel):
    warm_kernel.client.execute("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    _wait_until(lambda: not warm_kernel.manager.is_alive())


def test_nothing_is_left_when_the_grader_is_killed(tmp_path):
    program = """
        from tests.grading.test_kernels import Kernel
        import time
        kernel = Kernel("course-warm")
        kernel.run("import subprocess; subprocess.Popen(['sleep', '76543'])")
        print("ready", flush=True)
        time.sleep(600)
    """
    grader = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    assert grader.stdout.readline() == "ready\n"
    below = psutil.Process(grader.pid).children(recursive=True)
    _wait_until(lambda: _sleepers("76543"))
    grader.kill()
    grader.wait()
    _wait_until(lambda: not any(process.is_running() for process in below))
    assert not _sleepers("76543")


@pytest.fixture
def make_deep():
    """Return a function that makes folders within a folder, too deep for `shutil.rmtree`.

    If the course leaves one of them, `rm` removes it: pytest would use `shutil.rmtree`, and fail in
    whatever run of tests comes to it.
    """
    made = []

    def make(folder):
        folder.mkdir()
        made.append(folder)
        program = "import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')"
        subprocess.run([sys.executable, "-c", program], check=True, cwd=folder)

    yield make
    for folder in made:
        subprocess.run(["rm", "-rf", folder], check=True)


def test_a_deep_folder_is_removed(tmp_path, make_deep):
    make_deep(tmp_path / "deep")
    isolation.remove(tmp_path / "deep")
    assert list(tmp_path.iterdir()) == []


def test_the_next_grader_ends_what_a_killed_one_had_begun_to_start(make_deep):
    grader = subprocess.Popen([sys.executable, "-c", ""])
    grader.wait()
    left = isolation.workshop().with_name(f"{isolation.WORKSHOP}{grader.pid}-left")
    make_deep(left)
    started = {}
    for seconds, folder in (("76544", left), ("76545", isolation.make_folder("own"))):
        program = ["sleep", seconds]
        command = isolation.command(program, limits=isolation.Limits(), writable=[folder])
        started[seconds] = subprocess.Popen(command, start_new_session=True)
        _wait_until(lambda seconds=seconds: _sleepers(seconds))
    isolation.remove_leftovers()
    assert started["76544"].wait(15) == -signal.SIGKILL
    _wait_until(lambda: not _sleepers("76544"))
    assert not left.exists()
    assert started["76545"].poll() is None
    started["76545"].kill()
    started["76545"].wait()


def test_a_new_version_of_the_course_gets_a_new_server(warm_kernel, monkeypatch):
    first = warm.server()
    assert warm.server() is first
    monkeypatch.setattr(warm, "_version", lambda: 0)
    second = warm.server()
    assert second is not first
    assert not first.is_current
    second.close()
    warm._server.cache_clear()


def test_where_nothing_can_be_forked_kernels_start_cold_and_the_log_says_so(monkeypatch, caplog):
    might = isolation.fork_server_command

    def without_might(program, folder):
        command = might(program, folder)
        place = command.index("CAP_SYS_ADMIN")
        return command[: place - 1] + command[place + 1 :]

    monkeypatch.setattr(isolation, "fork_server_command", without_might)
    warm._server.cache_clear()
    kernel = Kernel("course-warm")
    assert kernel.run("import sys; print('tensorflow' in sys.modules)") == "False"
    kernel.stop()
    assert "starts cold" in caplog.text
    assert "unshare" in warm.problem()
    warm._server().close()
    warm._server.cache_clear()


def _sleepers(seconds):
    return [p for p in psutil.process_iter(["cmdline"]) if seconds in (p.info["cmdline"] or ())]


def _wait_until(happens, timeout=15):
    end = time.monotonic() + timeout
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
