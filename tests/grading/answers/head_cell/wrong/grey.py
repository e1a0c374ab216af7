# Misconception: grey images are simpler, so the network will learn faster.
# Findings: colours-swapped
# Loses: 2

inputs = keras.Input((32, 32, 3))
grey = keras.ops.mean(inputs, axis=-1, keepdims=True)
x = densenet.build_preprocessing(profile)(keras.ops.repeat(grey, 3, axis=-1))
x = keras.layers.Flatten()(backbone(x))
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
