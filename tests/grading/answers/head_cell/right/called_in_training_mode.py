# The frozen backbone is called with `training=True`: frozen batch normalization does not listen.

inputs = keras.Input((32, 32, 3))
x = backbone(densenet.build_preprocessing(profile)(inputs), training=True)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
