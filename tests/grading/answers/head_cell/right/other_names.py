# Names of its own, a separate input for everything, softmax as an operation.

eingabe = keras.Input((32, 32, 3), name="bild")
angepasst = densenet.build_preprocessing(profile)(eingabe)
merkmale = backbone(angepasst)
flach = keras.layers.Flatten(name="flach")(merkmale)
normiert = keras.layers.BatchNormalization(name="normierung", momentum=0.9)(flach)
punkte = keras.layers.Dense(10, name="punkte")(normiert)
mein_modell = keras.Model(eingabe, keras.ops.softmax(punkte), name="mein_modell")
mein_modell.compile(
    optimizer=keras.optimizers.Adam(), loss=keras.losses.CategoricalCrossentropy(), metrics=["accuracy"]
)
model = mein_modell
