import keras, tensorflow as tf
class Huge(keras.layers.Layer):
    def call(self, x): return x + tf.reduce_sum(tf.random.uniform([10**5, 10**5]))
model = keras.Sequential([keras.Input((32, 32, 3)), Huge(), keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])
