# A loop of its own around `fit`, and lists that grow.

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
for epoch in range(profile.scratch_epochs):
    one = model.fit(splits.train, validation_data=splits.validation, epochs=1, verbose=0)
    for name in history:
        history[name].append(one.history[name][0])
    print(f"epoch {epoch + 1}: val_accuracy {history['val_accuracy'][-1]:.2f}")
