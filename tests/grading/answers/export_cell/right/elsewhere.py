# Into a temporary folder, through a helper function, and opened again.

import tempfile
from pathlib import Path

def export_all(network, formats):
    target = Path(tempfile.mkdtemp())
    for format in formats:
        deployment.export_model(network, target / format, format, class_names=splits.class_names)
    return target

target = export_all(model, ("keras", "saved_model", "litert_float32", "litert_float16"))
artifacts = {path.name: deployment.open_artifact(path) for path in sorted(target.iterdir())}
