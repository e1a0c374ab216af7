# The same branch twice, so that the names of its weights come twice.
# Advice: no-regularization

def branch():
    images = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, strides=8, name="convolution")(images)
    return keras.Model(images, keras.layers.Flatten()(x))

images = keras.Input((32, 32, 3))
x = keras.layers.concatenate([branch()(images), branch()(images)])
model = keras.Model(images, [keras.layers.Dense(10, "softmax")(x)])
