# Misconception: the order of the names does not matter.
# Findings: wrong-classes
# Loses: 1

artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names[::-1],
)
