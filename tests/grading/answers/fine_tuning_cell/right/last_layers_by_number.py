# The last layers, counted from the end, without batch normalization.

for layer in backbone.layers[-15:]:
    if not isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = True
print(sum(layer.trainable for layer in backbone.layers), "layers are trained")
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
