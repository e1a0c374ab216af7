# Misconception: the name of the format is the choice.
# Findings: not-an-artifact
# Loses: 3

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
chosen = "litert_int8"
