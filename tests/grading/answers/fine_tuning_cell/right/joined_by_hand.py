# The lists of both histories added, in a dictionary.

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
new = model.fit(
    splits.train, validation_data=splits.validation, epochs=profile.fine_tune_epochs, verbose=0
)
names = ["loss", "accuracy", "val_loss", "val_accuracy"]
history = {name: frozen_history.history[name] + new.history[name] for name in names}
