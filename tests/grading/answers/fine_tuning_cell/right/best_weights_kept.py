# A callback puts the best weights back.

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
best = keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True, start_from_epoch=1)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    callbacks=[best],
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
