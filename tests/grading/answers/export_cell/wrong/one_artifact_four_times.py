# Misconception: a format is a name for the same file.
# Findings: wrong-format
# Loses: 1

exported = deployment.export_model(model, folder / "model", "keras", class_names=splits.class_names)
artifacts = {name: exported for name in ("keras", "saved_model", "litert_float32", "litert_float16")}
