# Misconception: ranges come from the weights.
# Findings: stopped
# Loses: 3

smaller = deployment.export_formats(
    model, folder, ("litert_dynamic", "litert_int8"), class_names=splits.class_names
)
chosen = smaller["litert_int8"]
