"""The service's page of documentation in a real browser: a picture is sent, and answered."""

import numpy as np
import pytest
from PIL import Image

from helpers import deployment
from helpers.quiet import import_tensorflow

from ..helpers.deployment.running_service import running_service
from . import chromium

pytestmark = pytest.mark.browser
NAMES = ("red", "green", "blue")


@pytest.fixture(scope="module")
def service(browser, tmp_path_factory):
    """The service with a model that names the strongest colour."""
    import_tensorflow()
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", use_bias=False),
        ]
    )
    model.layers[1].set_weights([9 * np.eye(3, dtype=np.float32)])
    folder = tmp_path_factory.mktemp("page")
    artifact = deployment.export_model(model, folder / "artifact", class_names=NAMES)
    with running_service(artifact, folder) as service:
        yield service


@pytest.fixture
def page(service):
    with chromium.browse(service.address, height=1400) as page:
        yield page


def send(page, path):
    """Send a file as a person does: open the entry, try it out, choose, execute."""
    page.get_by_text("Classify an image file.").or_(page.get_by_text("/classify")).first.click()
    page.get_by_role("button", name="Try it out").click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Execute").click()
    return page.locator(".live-responses-table .response").first


def test_a_picture_is_sent_from_the_page_and_answered(page, screenshots, tmp_path):
    assert page.url.endswith("/docs")
    page.get_by_text("A picture classifier").wait_for()
    page.screenshot(path=screenshots / "service-page.png")
    picture = tmp_path / "sea.png"
    Image.new("RGB", (300, 200), (10, 40, 220)).save(picture)
    answer = send(page, picture)
    answer.get_by_text("blue").first.wait_for()
    assert "200" in answer.inner_text()
    assert '"top": "blue"' in answer.inner_text()
    page.screenshot(path=screenshots / "service-answer.png")
    assert page.problems == []


def test_what_is_no_picture_is_refused_in_words(page, screenshots, tmp_path):
    essay = tmp_path / "essay.docx"
    essay.write_bytes(b"PK")
    answer = send(page, essay)
    answer.get_by_text("It is not an image").wait_for()
    assert "422" in answer.inner_text()
    page.screenshot(path=screenshots / "service-refusal.png")
    assert [each for each in page.problems if "422" not in each] == []
