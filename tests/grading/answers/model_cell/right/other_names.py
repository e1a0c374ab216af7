# Names of its own all through; `model` is only the last of them.

bilder = keras.Input((32, 32, 3))
schicht = keras.layers.Conv2D(24, 3, strides=2, activation="relu", name="kanten")(bilder)
schicht = keras.layers.Conv2D(48, 3, strides=2, activation="relu", name="formen")(schicht)
schicht = keras.layers.Flatten(name="flach")(schicht)
schicht = keras.layers.Dropout(0.4, name="ausfall")(schicht)
ausgabe = keras.layers.Dense(10, activation="softmax", name="klassen")(schicht)
mein_netz = keras.Model(bilder, ausgabe, name="mein_netz")
model = mein_netz
