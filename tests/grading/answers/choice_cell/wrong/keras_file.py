# Misconception: a phone runs what a laptop runs.
# Findings: not-for-the-phone
# Loses: 3

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
chosen = artifacts["keras"]
