# Branches of several filter sizes side by side, joined.
# Advice: no-regularization

from keras import layers

def inception(x, n):
    a = layers.Conv2D(n, 1, padding="same", activation="relu")(x)
    b = layers.Conv2D(n, 3, padding="same", activation="relu")(x)
    c = layers.Conv2D(n, 5, padding="same", activation="relu")(x)
    d = layers.Conv2D(n, 1, activation="relu")(layers.MaxPooling2D(3, strides=1, padding="same")(x))
    return layers.Concatenate()([a, b, c, d])

inp = layers.Input((32, 32, 3))
x = layers.MaxPooling2D()(inception(inp, 8))
x = layers.MaxPooling2D()(inception(x, 8))
x = layers.Flatten()(x)
model = keras.Model(inp, layers.Dense(10, activation="softmax")(x))
