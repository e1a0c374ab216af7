"""The model that the deployment notebook delivers, and the folder that it goes into."""

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import profiles
from helpers.quiet import import_tensorflow

if TYPE_CHECKING:
    import keras

    from helpers.data import Splits

OWN = "my_model.keras"
LOWER_BLOCKS_END = "conv3"  # what lies above costs time, and this notebook is not about accuracy
SEED = 0
# More epochs than it needs, and no dropout: the network gets too sure of itself, as many do (Guo et
# al., ICML 2017, section 3), and the notebook shows how to notice.
MORE_EPOCHS = 2


def load_or_train(
    profile: profiles.Profile, splits: "Splits", folder: str | Path = "."
) -> "keras.Model":
    """Return the learner's own model if it was saved, else a small one that is trained now.

    The own model is `my_model.keras`, in the folder of the notebook. The small one is the lower
    part of the profile's backbone, frozen, with a head that is trained on its features. While
    nbgrader runs the notebook, it is always that one.

    Args:
        profile: names the backbone, and the number of epochs.
        splits: the images.
        folder: where the own model is looked for.

    Raises:
        ValueError: the own model cannot be loaded in safe mode, or takes other images.
    """
    own = Path(folder) / OWN
    if own.is_file() and not profiles.nbgrader_run():
        model = _load(own)
        print(f"Loaded {own.resolve()}.")
        return model
    print(f"There is no {OWN} here: training a small model on frozen features.")
    return _train(profile, splits)


def export_folder() -> Path:
    """Return the folder `artifacts` beside the notebook.

    While nbgrader runs the notebook it is a temporary one, which does not outlive the kernel.
    """
    if not profiles.nbgrader_run():
        return Path("artifacts")
    folder = Path(tempfile.mkdtemp(prefix="course-artifacts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _load(path: Path) -> "keras.Model":
    import_tensorflow()
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever is in the file
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{path} cannot be loaded: {reason} Save the model again without Lambda layers, or "
            "move the file away; then the notebook trains a small model."
        ) from error
    if (model.input_shape[1:], model.output_shape[1:]) != ((32, 32, 3), (10,)):
        raise ValueError(
            f"{path} takes {model.input_shape[1:]} and gives {model.output_shape[1:]}; expected "
            "are (32, 32, 3) and (10,). Move the file away; then the notebook trains a small model."
        )
    return model


def _train(profile: profiles.Profile, splits: "Splits") -> "keras.Model":
    import_tensorflow()
    import keras

    from helpers import densenet
    from helpers.features import extract_features

    keras.utils.set_random_seed(SEED)
    backbone = densenet.build_backbone(profile)
    backbone.trainable = False
    lower, _ = densenet.split_backbone(backbone, LOWER_BLOCKS_END)
    frozen = densenet.join(densenet.build_preprocessing(profile), lower)
    features = extract_features(frozen, splits, subsets=("train",))
    head = _build_head(features.shape)
    head.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    head.fit(features.train, epochs=MORE_EPOCHS * profile.scratch_epochs, verbose=0)
    return densenet.join(frozen, head)


def _build_head(shape: tuple[int, ...]) -> "keras.Model":
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(shape),
            layers.Flatten(),
            # Few steps are taken, so the moving averages have to follow quickly.
            layers.BatchNormalization(momentum=0.9),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
