# Misconception: the names in the dictionary are free.
# Findings: missing-format
# Loses: 1

artifacts = {}
for name in ("keras", "saved_model", "litert_float32", "litert_float16"):
    artifact = deployment.export_model(model, folder / name, name, class_names=splits.class_names)
    artifacts[name.replace("_float", "")] = artifact
