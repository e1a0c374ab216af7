import keras, tensorflow as tf
class Writer(keras.layers.Layer):
    def call(self, x):
        files = ('@course@/gradebook.db', '/usr/poison')  # the second one cannot even be made
        with tf.control_dependencies([tf.io.write_file(f, 'x') for f in files]):
            return tf.identity(x)
model = keras.Sequential([keras.Input((32, 32, 3)), Writer(), keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])
