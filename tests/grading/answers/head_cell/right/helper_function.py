# A function that builds a head, and settings that it takes.

def build_my_head(shape, units=64, rate=0.4, penalty=1e-4):
    l2 = keras.regularizers.L2(penalty)
    return keras.Sequential([
        keras.Input(shape),
        keras.layers.Dense(units, activation="relu", kernel_regularizer=l2),
        keras.layers.Dropout(rate),
        keras.layers.Dense(10, kernel_regularizer=l2),
        keras.layers.Softmax(),
    ])

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.GlobalMaxPooling2D())
head = build_my_head(frozen.output_shape[1:])
model = densenet.join(frozen, head)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
