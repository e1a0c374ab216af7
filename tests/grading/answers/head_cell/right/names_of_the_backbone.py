# A layer of the head has the name of a layer of the backbone.

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
    keras.layers.BatchNormalization(name="bn"),
    keras.layers.Dense(10, activation="softmax", name="output"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
