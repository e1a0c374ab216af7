# Misconception: only layers with filters need to be frozen.
# Findings: backbone-trainable
# Loses: 2

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.Conv2D):
        layer.trainable = False
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
