# The course's own head, in the three parts that the exercise names.

frozen = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
])
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(256, activation="relu"),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation="softmax"),
])
model = keras.Sequential([keras.Input((32, 32, 3)), frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
