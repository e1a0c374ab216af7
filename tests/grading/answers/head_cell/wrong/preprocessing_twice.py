# Misconception: twice is better than never: once in the notebook's layer, once in a new one.
# Findings: wrong-preprocessing
# Loses: 2

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.Sequential([preprocessing]),
    keras.Sequential([densenet.build_preprocessing(profile)]),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
