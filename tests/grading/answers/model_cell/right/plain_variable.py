# A layer with a variable that Keras does not know of, and with noise from Keras's own generator.

import tensorflow as tf

class Scaled(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(2.0)

    def call(self, x, training=False):
        noise = keras.random.normal(keras.ops.shape(x)) if training else 0.0
        return self.scale * x + noise

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(8, 3, strides=4, activation="relu"),
    Scaled(),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
