import keras, tensorflow as tf
class Mine(keras.layers.Layer):
    def call(self, x):
        y = tf.py_function(lambda v: v, [x], tf.float32); y.set_shape(x.shape); return y
model = keras.Sequential([keras.Input((32, 32, 3)), Mine(), keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])
