# A function that trains, with smoothed labels and a metric more.

def train(net, epochs, rate=1e-3):
    net.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(3, name="top3")],
    )
    return net.fit(splits.train, validation_data=splits.validation, epochs=epochs, verbose=0)

history = train(model, profile.scratch_epochs)
