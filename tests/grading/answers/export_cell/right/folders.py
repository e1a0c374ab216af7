# The folders in place of the opened artifacts.

exported = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
    progress=False,
)
artifacts = {name: str(artifact.folder) for name, artifact in exported.items()}
