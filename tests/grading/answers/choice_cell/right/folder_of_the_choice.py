# The folder of the chosen artifact; more representative images.

import numpy as np

many = np.concatenate([batch for batch, _ in splits.train.take(8)])
smaller = deployment.export_formats(
    model, folder, ["litert_int8", "litert_dynamic"], class_names=splits.class_names, representative_images=many
)
sizes = {name: each.size for name, each in smaller.items()}
chosen = smaller[min(sizes, key=sizes.get)].folder
