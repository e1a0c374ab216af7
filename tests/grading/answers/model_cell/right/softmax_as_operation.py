# `keras.ops` in the functional interface: division, mean and softmax as operations.
# Advice: no-regularization

from keras import ops

inputs = keras.Input((32, 32, 3))
x = (inputs - 0.5) / 0.25
x = ops.relu(keras.layers.Conv2D(32, 5, strides=2)(x))
x = ops.relu(keras.layers.Conv2D(64, 3, strides=2)(x))
x = ops.mean(x, axis=[1, 2])
model = keras.Model(inputs=inputs, outputs=ops.softmax(keras.layers.Dense(10)(x), axis=-1))
