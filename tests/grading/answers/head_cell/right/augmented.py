# Augmentation in front of the preprocessing, as layers.

augmentation = keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.05)])
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    augmentation,
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dropout(0.3),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
