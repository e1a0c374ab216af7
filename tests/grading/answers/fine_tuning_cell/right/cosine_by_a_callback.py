# A callback lowers the learning rate along a cosine, which ends at zero in the last epoch.

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
import math
last = profile.fine_tune_epochs - 1
cosine = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5e-4 * (1 + math.cos(math.pi * epoch / last)))
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    callbacks=[cosine],
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
