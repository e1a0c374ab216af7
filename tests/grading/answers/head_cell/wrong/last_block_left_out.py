# Misconception: the last block knows the old classes, so it belongs to the old head.
# Findings: no-backbone
# Loses: 5

lower, upper = densenet.split_backbone(backbone, "conv5")
frozen = densenet.join(densenet.build_preprocessing(profile), lower)
model = keras.Sequential([
    frozen, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, activation="softmax")
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
