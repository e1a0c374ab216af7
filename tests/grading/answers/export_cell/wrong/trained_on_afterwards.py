# Misconception: an artifact follows its model.
# Findings: other-answers
# Loses: 2

artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
)
model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
model.fit(splits.train.take(5), verbose=0)
