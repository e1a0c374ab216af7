# Misconception: exporting changes the model, so the result gets its name.
# Findings: not-a-model
# Loses: 5

model = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
)
artifacts = model
