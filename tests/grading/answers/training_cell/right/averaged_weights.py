# Adam with averaged weights, which Keras puts in when `fit` ends: no epoch was validated with
# them.

model.compile(optimizer=keras.optimizers.Adam(1e-3, use_ema=True, ema_momentum=0.95), loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
