# Misconception: a model is exported in one format.
# Findings: missing-format
# Loses: 1

artifacts = {
    "keras": deployment.export_model(model, folder / "keras", "keras", class_names=splits.class_names)
}
