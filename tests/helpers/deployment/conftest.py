"""One small trained model, and the artifacts of it in all six formats."""

import pytest

from helpers import data, deployment, pictures, profiles
from helpers.quiet import import_tensorflow

PROFILE = profiles.PROFILES["grade"]


@pytest.fixture(scope="session")
def splits():
    return data.load_splits(PROFILE)


@pytest.fixture(scope="session")
def model(splits):
    import_tensorflow()
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(2.0, -1.0),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(momentum=0.9),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    model.fit(splits.train, epochs=6, verbose=0)
    return model


@pytest.fixture(scope="session")
def images(splits):
    return pictures.to_arrays(splits.validation)[0]


@pytest.fixture(scope="session")
def labels(splits):
    return pictures.to_arrays(splits.validation)[1]


@pytest.fixture(scope="session")
def expected(model, images):
    return model.predict(images, verbose=0)


@pytest.fixture(scope="session")
def artifacts(model, splits, tmp_path_factory):
    """The artifacts by format."""
    return deployment.export_formats(
        model,
        tmp_path_factory.mktemp("artifacts"),
        class_names=splits.class_names,
        representative_images=pictures.to_arrays(splits.train, 100)[0],
        progress=False,
    )


@pytest.fixture(scope="session")
def litert(artifacts):
    """An artifact that starts at once."""
    return artifacts["litert_float32"]
