# The functional interface; the backbone is called in inference mode, as Keras's guide does it.

inputs = keras.Input((32, 32, 3))
x = densenet.build_preprocessing(profile)(inputs)
x = backbone(x, training=False)
features = keras.layers.GlobalAveragePooling2D()(x)
frozen = keras.Model(inputs, features)

head_in = keras.Input(features.shape[1:])
x = keras.layers.Dropout(0.3)(head_in)
x = keras.layers.Dense(128, activation="relu")(x)
head = keras.Model(head_in, keras.layers.Dense(10, activation="softmax")(x))

model = keras.Model(inputs, head(frozen(inputs)))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
