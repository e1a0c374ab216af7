# Hyperparameters in a dictionary, the network built by a function.

config = {"filters": [16, 32, 64], "kernel": 3, "dropout": [0.1, 0.2, 0.3], "activation": "silu"}

def build_model(config, classes=10):
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for filters, rate in zip(config["filters"], config["dropout"], strict=True):
        model.add(keras.layers.Conv2D(filters, config["kernel"], padding="same"))
        model.add(keras.layers.Activation(config["activation"]))
        model.add(keras.layers.MaxPooling2D())
        model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(classes, activation="softmax"))
    return model

model = build_model(config)
assert model.output_shape == (None, 10)
