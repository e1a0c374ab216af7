# Misconception: the model knows what its classes are called.
# Findings: stopped
# Loses: 5

artifacts = deployment.export_formats(
    model, folder, ("keras", "saved_model", "litert_float32", "litert_float16")
)
