# A learning rate that rises first.

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
warm_up = len(splits.train)
schedule = keras.optimizers.schedules.CosineDecay(
    0.0, decay_steps=warm_up, warmup_target=2e-4, warmup_steps=warm_up
)
model.compile(
    optimizer=keras.optimizers.Adam(schedule), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
