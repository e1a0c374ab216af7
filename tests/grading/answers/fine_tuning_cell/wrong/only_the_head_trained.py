# Misconception: training goes on with the head, on the features.
# Findings: nothing-moved
# Loses: 2

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
head.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
more = head.fit(
    features.train, validation_data=features.validation, epochs=profile.fine_tune_epochs, verbose=0
)
history = histories.join_histories(frozen_history, more)
