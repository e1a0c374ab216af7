# A feature extractor and a classifier, each a model, in a third one.

extractor = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, activation="relu"),
    keras.layers.MaxPooling2D(3),
    keras.layers.Conv2D(32, 3, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
], name="extractor")
classifier = keras.Sequential([
    keras.Input((32,)),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation="softmax"),
], name="classifier")
model = keras.Sequential([extractor, classifier])
