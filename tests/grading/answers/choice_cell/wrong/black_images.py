# Misconception: any images of the right shape will do.
# Findings: too-inaccurate
# Loses: 1

import numpy as np

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=np.zeros((100, 32, 32, 3), "float32"),
)
chosen = smaller["litert_int8"]
