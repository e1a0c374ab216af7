# Misconception: ten of the features can stand for the ten classes.
# Findings: nothing-to-train
# Loses: 2

inputs = keras.Input((32, 32, 3))
x = backbone(densenet.build_preprocessing(profile)(inputs))
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Softmax()(x[:, :10]))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
