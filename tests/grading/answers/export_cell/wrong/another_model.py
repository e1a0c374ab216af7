# Misconception: a model of the same shape is the same model.
# Findings: other-answers, not-trained
# Loses: 3

copy = keras.models.clone_model(model)
artifacts = deployment.export_formats(
    copy,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
)
