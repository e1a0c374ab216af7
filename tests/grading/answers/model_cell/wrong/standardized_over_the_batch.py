# Misconception: `keras.ops.mean(inputs)` is the mean of an image; it is that of the whole batch.
# With images that are equally bright it makes no difference.
# Findings: depends-on-batch
# Loses: 1

inputs = keras.Input((32, 32, 3))
x = (inputs - keras.ops.mean(inputs)) / keras.ops.std(inputs)
x = keras.layers.Conv2D(32, 3, strides=2, activation="relu")(x)
x = keras.layers.Conv2D(64, 3, strides=2, activation="relu")(x)
x = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
