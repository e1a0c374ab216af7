# Misconception: the artifact is the file of the model.
# Findings: damaged-artifact
# Loses: 1

artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
)
artifacts["keras"] = artifacts["keras"].model_path
