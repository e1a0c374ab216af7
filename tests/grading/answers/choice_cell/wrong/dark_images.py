# Misconception: images are divided by 255, these too.
# Findings: too-inaccurate
# Loses: 1

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative / 255,
)
chosen = smaller["litert_int8"]
