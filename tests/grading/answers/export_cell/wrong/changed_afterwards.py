# Misconception: what lies beside the model is not part of the artifact.
# Findings: damaged-artifact
# Loses: 1

artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
)
(artifacts["litert_float32"].folder / "decoder.py").unlink()
