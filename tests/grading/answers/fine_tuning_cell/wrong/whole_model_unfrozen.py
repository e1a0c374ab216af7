# Misconception: what is set for the outer models holds for those inside.
# Findings: nothing-moved
# Loses: 2

for layer in model.layers:
    layer.trainable = True
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
