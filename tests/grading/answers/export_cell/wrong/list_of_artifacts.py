# Misconception: a list is as good as a dictionary.
# Findings: no-artifacts
# Loses: 5

artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
)
artifacts = list(artifacts.values())
