# Misconception: a server's format will do.
# Findings: not-for-the-phone
# Loses: 3

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
chosen = artifacts["saved_model"]
