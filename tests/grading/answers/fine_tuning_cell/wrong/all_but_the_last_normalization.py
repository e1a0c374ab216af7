# Misconception: all names end in `_bn`; the last one is called `bn`.
# Findings: statistics-moved
# Loses: 2

backbone.trainable = True
for layer in backbone.layers:
    if layer.name.endswith("_bn"):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
