# Told: Judging took longer than 60 seconds
import keras, tensorflow as tf
class Endless(keras.layers.Layer):
    def call(self, x):
        return tf.while_loop(lambda i, x: True, lambda i, x: (i + 1, x), (0, x))[1]
model = keras.Sequential([keras.Input((32, 32, 3)), Endless(), keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])
