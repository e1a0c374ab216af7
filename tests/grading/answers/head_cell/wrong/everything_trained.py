# Misconception: what can be trained should be trained.
# Findings: backbone-trainable
# Loses: 2
# One token from: frozen_again

backbone.trainable = True
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
