# The features of two sizes of the image, each from a frozen backbone of its own.

big = densenet.build_backbone(profile, input_shape=(64, 64, 3))
big = keras.Model(big.input, big.output, name="big_backbone")
big.trainable = False
prep = densenet.build_preprocessing(profile)
inputs = keras.Input((32, 32, 3))
a = keras.layers.GlobalAveragePooling2D()(backbone(prep(inputs)))
b = keras.layers.Resizing(64, 64)(inputs)
b = keras.layers.GlobalAveragePooling2D()(big(prep(b)))
frozen = keras.Model(inputs, keras.layers.Concatenate()([a, b]))
head = keras.Sequential([keras.Input(frozen.output_shape[1:]), keras.layers.BatchNormalization(), keras.layers.Dense(10, activation="softmax")])
model = keras.Sequential([keras.Input((32, 32, 3)), frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
