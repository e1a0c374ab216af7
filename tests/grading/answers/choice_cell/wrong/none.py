# Misconception: `print` returns what it shows.
# Findings: not-an-artifact
# Loses: 3

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
chosen = print(smaller["litert_int8"])
