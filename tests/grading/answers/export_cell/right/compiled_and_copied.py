# Compiled before, and the Keras file exported from a copy with the same weights.

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
copy = keras.models.clone_model(model)
copy.set_weights(model.get_weights())
artifacts = {"keras": deployment.export_model(copy, folder / "copy", "keras", class_names=splits.class_names)}
rest = ("saved_model", "litert_float32", "litert_float16")
artifacts |= deployment.export_formats(model, folder, rest, class_names=splits.class_names)
