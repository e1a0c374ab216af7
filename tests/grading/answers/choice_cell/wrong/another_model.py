# Misconception: the architecture decides the accuracy.
# Findings: too-inaccurate
# Loses: 1

copy = keras.models.clone_model(model)
smaller = deployment.export_formats(
    copy,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
chosen = smaller["litert_dynamic"]
