# Misconception: plain gradient descent bears any rate.
# Findings: not-a-number
# Loses: 5

model.compile(optimizer=keras.optimizers.SGD(1e30), loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
