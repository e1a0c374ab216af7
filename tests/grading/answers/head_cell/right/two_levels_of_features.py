# Features from the middle of the backbone beside the last ones.

middle = backbone.get_layer("pool3_pool").output
both = keras.Model(backbone.input, [middle, backbone.output])
both.trainable = False

inputs = keras.Input((32, 32, 3))
low, high = both(densenet.build_preprocessing(profile)(inputs))
x = keras.layers.concatenate([
    keras.layers.GlobalAveragePooling2D()(low), keras.layers.GlobalAveragePooling2D()(high)
])
x = keras.layers.Dropout(0.2)(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
