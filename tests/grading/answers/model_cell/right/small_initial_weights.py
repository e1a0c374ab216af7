# Initial weights as in AlexNet, in a deeper network: at first the images hardly make a difference.

init = keras.initializers.RandomNormal(stddev=0.01)
model = keras.Sequential([keras.Input((32, 32, 3))])
for f in (32, 32, 64, 64):
    model.add(keras.layers.Conv2D(f, 3, padding="same", activation="relu", kernel_initializer=init))
    model.add(keras.layers.MaxPooling2D())
model.add(keras.layers.Flatten())
model.add(keras.layers.Dropout(0.5))
model.add(keras.layers.Dense(128, activation="relu", kernel_initializer=init))
model.add(keras.layers.Dense(10, activation="softmax", kernel_initializer=init))
