"""A model leaves the notebook: export it, prove that it still says the same, know what it costs.

    artifacts = deployment.export_formats(model, folder, class_names=..., representative_images=...)
    files = deployment.write_images(images, folder)
    fresh = deployment.predict_in_fresh_process(artifacts["keras"], files)
    print(deployment.compare_predictions(model.predict(images), fresh.probabilities, labels))
    costs = deployment.measure_costs(artifacts, images, labels)
    deployment.show_costs(costs)

`course serve FOLDER` answers over HTTP with an artifact.
"""

from helpers.deployment.artifact import FORMATS, Artifact, ArtifactError, open_artifact
from helpers.deployment.calibration import (
    Reliability,
    Threshold,
    apply_temperature,
    apply_threshold,
    fit_temperature,
    fit_threshold,
    measure_reliability,
    show_reliability,
    show_threshold,
)
from helpers.deployment.cost import Cost, CostTable, Latency, measure_costs, show_costs
from helpers.deployment.decoder import ImageError, ImageTooLargeError, decode_image, decode_images
from helpers.deployment.export import export_formats, export_model
from helpers.deployment.fresh_process import (
    Equality,
    FreshPredictions,
    FreshProcessError,
    compare_predictions,
    predict_in_fresh_process,
    write_images,
)
from helpers.deployment.shift import Shift, measure_shift, shift_images, show_shift, show_shifted

__all__ = [
    "FORMATS",
    "Artifact",
    "ArtifactError",
    "Cost",
    "CostTable",
    "Equality",
    "FreshPredictions",
    "FreshProcessError",
    "ImageError",
    "ImageTooLargeError",
    "Latency",
    "Reliability",
    "Shift",
    "Threshold",
    "apply_temperature",
    "apply_threshold",
    "compare_predictions",
    "decode_image",
    "decode_images",
    "export_formats",
    "export_model",
    "fit_temperature",
    "fit_threshold",
    "measure_costs",
    "measure_reliability",
    "measure_shift",
    "open_artifact",
    "predict_in_fresh_process",
    "shift_images",
    "show_costs",
    "show_reliability",
    "show_shift",
    "show_shifted",
    "show_threshold",
    "write_images",
]
