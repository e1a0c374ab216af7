# Colours changed by TensorFlow's functions, which have no derivative by the images. None is
# needed.

import tensorflow as tf

@keras.saving.register_keras_serializable()
class Colours(keras.layers.Layer):
    def call(self, images, training=None):
        if training:
            images = tf.image.random_saturation(images, 0.7, 1.3)
            images = tf.image.random_hue(images, 0.05)
        return images

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    Colours(),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
