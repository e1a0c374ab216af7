# Misconception: with `frozen` and `head` the model is there as well.
# Findings: stopped
# Loses: 6

frozen = keras.Sequential([
    keras.Input((32, 32, 3)), densenet.build_preprocessing(profile), backbone, keras.layers.Flatten()
])
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]), keras.layers.Dense(10, activation="softmax")
])
