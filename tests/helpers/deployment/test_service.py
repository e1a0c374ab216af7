"""The HTTP service with real clients over loopback: honest, slow, broken and greedy ones."""

import contextlib
import http.client
import io
import json
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

import helpers
from helpers import deployment
from helpers.deployment import server
from helpers.deployment.service import Limits

from . import odd_images
from .running_service import COURSE, running_service, send_all

ODD = odd_images.make_odd_images()
REQUESTS, CLIENTS = 1_000, 16
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n"
)
POST = b"POST /classify HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"


@pytest.fixture(scope="module")
def service(litert, tmp_path_factory):
    with running_service(litert, tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(scope="module")
def impatient(litert, tmp_path_factory):
    """A service with limits that a test can wait for."""
    with running_service(
        litert,
        tmp_path_factory.mktemp("impatient"),
        body_bytes=1_000_000,
        receive_seconds=1.5,
        answer_seconds=5.0,
        exchange_seconds=3.0,
        connections=40,
    ) as service:
        yield service


@pytest.fixture(scope="module")
def pngs(images):
    """The validation images as PNG files."""
    levels = np.round(255 * images).astype(np.uint8)
    return [odd_images.save(Image.fromarray(each), "PNG") for each in levels]


@pytest.fixture(scope="module")
def huge():
    """A small file with the most pixels that are unpacked."""
    return odd_images.save(Image.new("RGBA", (10_000, 5_000)), "PNG", compress_level=1)


def probabilities(answer, artifact):
    """Return an answer's probabilities in the order of the classes."""
    assert answer.status_code == 200, answer.text
    said = {each["name"]: each["probability"] for each in answer.json()["classes"]}
    return np.array([said[name] for name in artifact.class_names])


def wait_until(holds, seconds=30):
    """Wait until something holds, and fail if it never does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.1)


def still_answers(service, litert, expected, pngs):
    found = probabilities(service.classify(pngs[0]), litert)
    assert np.abs(found - expected[0]).max() <= 1e-4


# Right answers


def test_an_image_gets_all_classes_the_most_probable_first(service, litert, pngs, expected):
    answer = service.classify(pngs[3]).json()
    values = [each["probability"] for each in answer["classes"]]
    assert values == sorted(values, reverse=True)
    assert answer["top"] == answer["classes"][0]["name"]
    assert answer["top"] == litert.class_names[expected[3].argmax()]
    assert answer["version"] == litert.version


@pytest.mark.parametrize("name", ODD)
def test_every_kind_of_file_is_classified_as_the_model_does_or_refused(
    service, litert, model, name
):
    answer = service.classify(ODD[name].content, name)
    if ODD[name].pixels is None:
        assert answer.status_code == (413 if "bomb" in name else 422)
        assert ODD[name].error in answer.json()["detail"]
    else:
        image = deployment.decode_image(io.BytesIO(ODD[name].content))
        expected = model.predict(image[np.newaxis], verbose=0)[0]
        assert np.abs(probabilities(answer, litert) - expected).max() <= 1e-4


def test_its_answers_are_those_of_a_fresh_process_to_the_last_digit(
    service, litert, pngs, tmp_path
):
    files = [tmp_path / f"{number}.png" for number in range(20)]
    for file, content in zip(files, pngs, strict=False):
        file.write_bytes(content)
    fresh = deployment.predict_in_fresh_process(litert, files).probabilities
    answers = send_all(service, pngs[:20], clients=1)
    found = np.array([probabilities(answer, litert) for answer in answers], np.float32)
    # A fresh process answers in batches, whose sums may have another order.
    assert np.abs(found - fresh).max() <= 1e-6


@pytest.mark.parametrize(
    "format",
    ["litert_int8", *(pytest.param(f, marks=pytest.mark.slow) for f in ("keras", "saved_model"))],
)
def test_other_formats_are_served_as_well(artifacts, format, pngs, expected, tmp_path):
    with running_service(artifacts[format], tmp_path) as service:
        answers = send_all(service, pngs[:40], clients=4)
        found = np.array([probabilities(answer, artifacts[format]) for answer in answers])
        assert np.abs(found - expected[:40]).max() <= (0.2 if format == "litert_int8" else 1e-4)
        assert service.client().get("/version").json()["format"] == format
        assert service.stop() == 0
        assert service.stderr.read_text() == ""


def test_a_thousand_requests_from_sixteen_clients_lose_nothing(service, litert, pngs, expected):
    contents = [pngs[number % len(pngs)] for number in range(REQUESTS)]
    answers = send_all(service, contents, CLIENTS)
    found = np.array([probabilities(answer, litert) for answer in answers])
    wanted = expected[np.arange(REQUESTS) % len(pngs)]
    assert np.abs(found - wanted).max() <= 1e-4
    assert (found.argmax(axis=1) == wanted.argmax(axis=1)).all()


def test_litert_is_served_without_tensorflow(service):
    maps = psutil.Process(service.process.pid).memory_maps()
    loaded = {each.path for each in maps}
    assert any("ai_edge_litert" in path for path in loaded)
    assert not any("/tensorflow/" in path for path in loaded)


# What it says of itself


def test_health_and_version_are_told(service, litert):
    with service.client() as client:
        assert client.get("/health").json() == {"status": "ok"}
        version = client.get("/version").json()
    assert version["version"] == litert.version
    assert version["classes"] == list(litert.class_names)
    assert (version["format"], version["pixels"]) == ("litert_float32", 32)
    assert version["course"] == helpers.__version__
    assert set(version["made_with"]) >= {"tensorflow", "keras", "numpy"}


def test_the_address_leads_to_a_page_of_documentation_that_needs_no_network(service):
    with service.client(follow_redirects=True) as client:
        page = client.get("/")
        assert (page.status_code, page.url.path) == (200, "/docs")
        parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(parts) >= 2
        for part in parts:
            assert part.startswith("/")
            assert client.get(part).status_code == 200


def test_the_description_names_every_answer(service):
    described = service.client().get("/openapi.json").json()["paths"]
    assert set(described) == {"/classify", "/health", "/version"}
    told = described["/classify"]["post"]["responses"]
    assert set(told) == {"200", "408", "413", "422", "503"}


def test_only_this_computer_reaches_it(service):
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(service.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


# Requests that are wrong


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"content": b"an image"},
        {"data": {"file": "picture.png"}},
        {"files": {"picture": b"an image"}},
        {"json": {"file": "picture.png"}},
    ],
    ids=["nothing", "bare bytes", "a text", "another name", "JSON"],
)
def test_a_request_without_a_file_is_told_how_to_send_one(service, sent):
    answer = service.client().post("/classify", **sent)
    assert answer.status_code == 422
    assert "curl -F file=@picture.png" in answer.json()["detail"]


def test_a_form_that_cannot_be_read_is_refused(service):
    answer = service.client().post(
        "/classify", content=b"--b\r\nno form", headers={"Content-Type": "multipart/form-data"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/classify", 405),
                                                        ("POST", "/health", 405),
                                                        ("GET", "/../../etc/passwd", 404),
                                                        ("GET", "/predict.py", 404)])  # fmt: skip
def test_other_paths_and_methods_are_refused(service, method, path, status):
    assert service.client().request(method, path).status_code == status


def test_a_body_whose_length_is_told_and_too_large_is_refused_before_it_is_sent(service):
    with service.connect() as connection:
        connection.sendall(POST + b"Content-Length: 50000000000\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert "at most 10 MB" in json.loads(answer.read())["detail"]


def test_a_body_without_a_length_is_counted_and_refused(impatient):
    def forever():
        yield FORM
        while True:
            yield bytes(50_000)

    with impatient.client() as client:
        answer = client.post(
            "/classify",
            content=forever(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )
    assert answer.status_code == 413
    assert "at most 1 MB" in answer.json()["detail"]


def test_a_file_just_within_the_limit_is_read(impatient, litert, pngs, expected):
    padded = pngs[0] + bytes(1_000_000 - len(pngs[0]) - 1_000)  # after the end of a PNG
    found = probabilities(impatient.classify(padded), litert)
    assert np.abs(found - expected[0]).max() <= 1e-4
    assert impatient.classify(padded + bytes(2_000)).status_code == 413


# Slow and broken clients


def test_clients_that_never_finish_their_headers_are_cut_and_keep_nobody_out(
    impatient, litert, expected, pngs
):
    slow = [impatient.connect() for _ in range(30)]
    start = time.monotonic()
    for connection in slow:
        connection.sendall(b"POST /classify HTTP/1.1\r\nX-A: ")
    while time.monotonic() - start < 2:
        for connection in slow:
            connection.sendall(b"a")
        still_answers(impatient, litert, expected, pngs)
    for connection in slow:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""
        connection.close()
    assert time.monotonic() - start < 10


def test_a_body_that_comes_byte_by_byte_is_told_that_it_is_too_slow(impatient):
    with impatient.connect() as connection:
        connection.sendall(POST + b"Content-Length: 1000\r\n\r\n" + FORM)
        start = time.monotonic()
        while not select.select([connection], [], [], 0.2)[0] and time.monotonic() - start < 10:
            connection.sendall(b"a")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408
        assert "did not arrive within 1.5 seconds" in json.loads(answer.read())["detail"]


def test_a_client_that_goes_on_sending_after_it_was_refused_is_cut(impatient):
    with impatient.connect() as connection:
        connection.sendall(POST + b"Content-Length: 50000000000\r\n\r\n")
        start = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - start < 20:
                connection.sendall(bytes(1_000))
                time.sleep(0.01)
        assert time.monotonic() - start < 20


def test_more_connections_than_are_served_are_told_to_come_back(impatient, litert, expected, pngs):
    idle = [impatient.connect() for _ in range(45)]
    time.sleep(0.3)
    assert impatient.classify(pngs[0]).status_code == 503
    for connection in idle:
        connection.close()
    time.sleep(0.3)
    still_answers(impatient, litert, expected, pngs)


def test_clients_that_break_off_in_the_middle_leave_nothing_behind(service, litert, expected, pngs):
    process = psutil.Process(service.process.pid)
    for sent in (b"", b"POST /cl", POST, POST + b"Content-Length: 9000\r\n\r\n" + FORM + pngs[0]):
        for _ in range(20):
            with service.connect() as connection:
                connection.sendall(sent)
                # Closed with a reset, as by a program that was killed.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for _ in range(20):  # the whole request is there, and nobody waits for the answer
        request = httpx.Request("POST", f"{service.address}/classify", files={"file": pngs[0]})
        head = b"".join(k + b": " + v + b"\r\n" for k, v in request.headers.raw)
        with service.connect() as connection:
            connection.sendall(b"POST /classify HTTP/1.1\r\n" + head + b"\r\n" + request.read())
    still_answers(service, litert, expected, pngs)
    wait_until(lambda: all(one.status != "ESTABLISHED" for one in process.net_connections()))
    own = {str(service.stdout), str(service.stderr), str(litert.model_path)}
    assert {file.path for file in process.open_files()} <= own


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # an HTTPS client
        b"\r\n" * 50 + b"nonsense\r\n\r\n",
        b"POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000,
    ],
    ids=["TLS", "nonsense", "negative length", "wrong chunk", "endless header"],
)
def test_what_is_no_http_is_refused(service, litert, expected, pngs, garbage):
    with service.connect() as connection:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionError):
            connection.sendall(garbage)
            assert connection.recv(1_000).startswith(b"HTTP/1.1 4")
    still_answers(service, litert, expected, pngs)


def test_whoever_waits_too_long_for_others_is_told_to_come_back(litert, pngs, huge, tmp_path):
    with running_service(litert, tmp_path, answer_seconds=0.05) as service:
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(service.classify, [huge] * 3))
        assert {answer.status_code for answer in answers} == {503}
        assert answers[0].headers["retry-after"] == "5"
        assert "Try again" in answers[0].json()["detail"]
        wait_until(lambda: service.classify(pngs[0]).status_code == 200)


def test_many_huge_images_at_once_need_the_memory_of_one(service, huge):
    process = psutil.Process(service.process.pid)
    before = process.memory_info().rss
    with ThreadPoolExecutor(5) as pool:
        sent = [pool.submit(service.classify, huge) for _ in range(5)]
        most = before
        while not all(each.done() for each in sent):
            most = max(most, process.memory_info().rss)
            time.sleep(0.02)
    assert {each.result().status_code for each in sent} <= {200, 503}
    assert most - before < 8 * 50_000_000 + 50_000_000  # 8 bytes a pixel, see the decoder


# Starting and ending


def test_what_is_no_artifact_is_named_with_the_way_to_one(litert, tmp_path, capsys):
    copy = tmp_path / "damaged"
    shutil.copytree(litert.folder, copy)
    (copy / "model.tflite").write_bytes(b"TFL3")
    (tmp_path / "own.keras").write_bytes(b"PK")
    for folder, told in {
        tmp_path / "nowhere": "There is no folder",
        tmp_path: "holds several artifacts. Name one of them: damaged",
        copy: "was changed since it was exported: model.tflite. Export the model again.",
        copy / "model.tflite": f"is a part of an artifact. Name its folder instead: {copy}",
        tmp_path / "own.keras": "is a Keras file, and does not say which class",
    }.items():
        assert server.run(folder) == 1
        out, err = capsys.readouterr()
        assert told in err
        assert err.endswith("Nothing is served.\n")
        assert out == ""


def test_a_busy_port_is_named_and_without_a_choice_another_is_taken(
    litert, service, tmp_path, capsys
):
    command = [*COURSE, "serve", litert.folder, "--port", str(service.port)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert f"Port {service.port} is busy" in result.stderr
    assert server.run(litert.folder, port=70_000) == 1
    assert "There is no port 70000" in capsys.readouterr().err
    with running_service(litert, tmp_path) as other:
        assert other.port != service.port
        assert other.classify(ODD["plain.png"].content).status_code == 200


def test_an_answer_goes_out_as_soon_as_it_is_written():
    """Otherwise each of them waits 40 ms: the body for the acknowledgement of the headers."""
    with (
        server._listen("127.0.0.1", None) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_that_is_not_this_computers_is_named(litert, capsys):
    assert server.run(litert.folder, host="192.0.2.1") == 1
    assert "of 192.0.2.1 cannot be listened on" in capsys.readouterr().err


def test_whoever_opens_it_to_the_network_is_warned(litert, tmp_path):
    log = tmp_path / "log.txt"
    with log.open("wb") as out:
        command = [*COURSE, "serve", str(litert.folder), "--host", "0.0.0.0"]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_until(lambda: "no password" in log.read_text())
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_answers_what_is_under_way(litert, pngs, expected, tmp_path, number):
    with running_service(litert, tmp_path) as service, service.connect() as connection:
        request = httpx.Request("POST", f"{service.address}/classify", files={"file": pngs[0]})
        head = b"".join(k + b": " + v + b"\r\n" for k, v in request.headers.raw)
        body = request.read()
        connection.sendall(b"POST /classify HTTP/1.1\r\n" + head + b"\r\n" + body[:-1])
        time.sleep(0.5)
        service.process.send_signal(number)
        time.sleep(0.5)
        connection.sendall(body[-1:])
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        assert json.loads(answer.read())["top"]
        assert service.process.wait(timeout=30) == 0
        assert service.stdout.read_text().endswith("The service has ended.\n")
        assert service.stderr.read_text() == ""


def test_killed_in_the_middle_it_starts_again_on_the_same_port(litert, pngs, expected, tmp_path):
    with running_service(litert, tmp_path) as service:
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(send_all, service, pngs * 10, 8)
            time.sleep(1)
            service.stop(signal.SIGKILL)
            answers = sent.result()
        port = service.port
    got = [answer for answer in answers if isinstance(answer, httpx.Response)]
    assert 0 < len(got) < len(answers)  # some were answered, the others know that they were not
    for number, answer in enumerate(answers):
        if isinstance(answer, httpx.Response):
            wanted = expected[number % len(pngs)]
            assert np.abs(probabilities(answer, litert) - wanted).max() <= 1e-4
    with running_service(litert, tmp_path, port=port) as again:
        assert again.port == port
        still_answers(again, litert, expected, pngs)
    deployment.open_artifact(litert.folder)  # nothing in it has changed


def test_the_usual_limits_are_those_that_the_notebook_and_the_page_speak_of(service):
    described = service.client().get("/openapi.json").json()["info"]["description"]
    assert Limits().body_bytes == 10_000_000
    assert "at most 10 MB" in described
    assert "at most 50 million pixels" in described
