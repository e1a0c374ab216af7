# Plain TensorFlow inside `call`, softmax at the end as a function.

import tensorflow as tf

class Classifier(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.c1 = tf.keras.layers.Conv2D(16, 5, strides=3)
        self.c2 = tf.keras.layers.Conv2D(32, 3)
        self.out = tf.keras.layers.Dense(10)

    def call(self, inputs, training=None):
        x = tf.nn.relu(self.c1(inputs))
        x = tf.nn.max_pool2d(tf.nn.relu(self.c2(x)), 2, 2, "VALID")
        if training:
            x = tf.nn.dropout(x, 0.2)
        return tf.nn.softmax(self.out(tf.reshape(x, (-1, 4 * 4 * 32))))

model = Classifier()
