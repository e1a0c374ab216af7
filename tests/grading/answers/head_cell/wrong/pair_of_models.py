# Misconception: two models side by side are one.
# Findings: not-a-model
# Loses: 6

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
head = keras.Sequential([keras.Input(frozen.output_shape[1:]), keras.layers.Dense(10, activation="softmax")])
model = (frozen, head)
