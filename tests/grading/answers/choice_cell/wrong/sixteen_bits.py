# Misconception: half the size is small enough.
# Findings: too-large
# Loses: 1

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
chosen = artifacts["litert_float16"]
