# The head is attached to the backbone's own output; the preprocessing comes in front of both.

from keras import layers

x = layers.Flatten()(backbone.output)
x = layers.Dropout(0.2)(x)
x = layers.Dense(10, activation="softmax")(x)
classifier = keras.Model(backbone.input, x)

model = keras.Sequential([keras.Input((32, 32, 3)), densenet.build_preprocessing(profile), classifier])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
