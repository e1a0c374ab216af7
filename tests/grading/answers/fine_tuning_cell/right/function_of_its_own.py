# Two helper functions, all settings as arguments.

def unfreeze(network, first=0):
    network.trainable = True
    for number, layer in enumerate(network.layers):
        still = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = number >= first and not still

def fine_tune(network, rate, epochs):
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate=rate),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return network.fit(splits.train, validation_data=splits.validation, epochs=epochs, verbose=0)

unfreeze(backbone, first=10)
second = fine_tune(model, rate=1e-4, epochs=profile.fine_tune_epochs)
history = histories.join_histories(frozen_history, second, label="transfer")
