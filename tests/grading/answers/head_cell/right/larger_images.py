# The backbone for images of 64 pixels, which a `Resizing` layer makes.

size = 64
large_backbone = densenet.build_backbone(profile, input_shape=(size, size, 3))
large_backbone.trainable = False
frozen = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Resizing(size, size),
    densenet.build_preprocessing(profile),
    large_backbone,
    keras.layers.GlobalAveragePooling2D(),
])
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation="softmax"),
])
model = keras.Sequential([keras.Input((32, 32, 3)), frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
