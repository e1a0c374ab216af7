# Average and maximum, side by side.

inputs = keras.Input((32, 32, 3))
x = backbone(densenet.build_preprocessing(profile)(inputs))
average = keras.layers.GlobalAveragePooling2D()(x)
highest = keras.layers.GlobalMaxPooling2D()(x)
frozen = keras.Model(inputs, keras.layers.concatenate([average, highest]))
head = keras.Sequential([
    keras.layers.LayerNormalization(),
    keras.layers.Dense(64, activation="gelu"),
    keras.layers.Dense(10, activation="softmax"),
])
model = keras.Sequential([frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
