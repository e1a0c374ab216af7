# A 1x1 convolution and pooling in place of a dense layer.

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Conv2D(64, 1, activation="relu"),
    keras.layers.SpatialDropout2D(0.1),
    keras.layers.Conv2D(10, 1),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Activation("softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
