# Misconception: `compile` returns the model.
# Findings: not-a-model
# Loses: 6

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
head = keras.Sequential([keras.layers.Dropout(0.3), keras.layers.Dense(10, activation="softmax")])
model = keras.Sequential([frozen, head]).compile("adam", "categorical_crossentropy", metrics=["accuracy"])
