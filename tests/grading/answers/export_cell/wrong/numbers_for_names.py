# Misconception: the classes are called 0 to 9.
# Findings: wrong-classes
# Loses: 1

artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=range(10),
)
