# Squeeze and excitation with the ratio of the paper, 16: of 32 channels two units are left, and
# ReLU behind them may be dead by chance.

def se_block(x, ratio=16):
    c = x.shape[-1]
    s = keras.layers.GlobalAveragePooling2D()(x)
    s = keras.layers.Dense(c // ratio, activation="relu")(s)
    s = keras.layers.Dense(c, activation="sigmoid")(s)
    s = keras.layers.Reshape((1, 1, c))(s)
    return keras.layers.Multiply()([x, s])

inputs = keras.Input((32, 32, 3))
x = inputs
for f in (32, 64, 128):
    x = keras.layers.Conv2D(f, 3, padding="same")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Activation("relu")(x)
    x = se_block(x)
    x = keras.layers.MaxPooling2D()(x)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
