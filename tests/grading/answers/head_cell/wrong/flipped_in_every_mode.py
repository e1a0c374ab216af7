# Misconception: augmentation may go on for ever; nobody can then see what reaches the backbone.
# Findings: preprocessing-unseen
# Loses: 2

class Flipped(keras.layers.RandomFlip):
    def call(self, images, training=True):
        return super().call(images, training=True)

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    Flipped("horizontal"),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
