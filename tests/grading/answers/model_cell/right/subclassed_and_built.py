# A class of its own, built and called at once; Keras hands `training` on by itself.

from keras import layers

class Net(keras.Model):
    def __init__(self, classes=10, **kwargs):
        super().__init__(**kwargs)
        self.features = [layers.Conv2D(n, 3, strides=2, padding="same") for n in (16, 32, 64)]
        self.norms = [layers.BatchNormalization() for _ in range(3)]
        self.head = layers.Dense(classes)

    def call(self, images):
        x = images
        for conv, norm in zip(self.features, self.norms):
            x = keras.ops.relu(norm(conv(x)))
        x = keras.ops.mean(x, axis=(1, 2))
        return keras.ops.softmax(self.head(x))

model = Net(name="net")
model.build((None, 32, 32, 3))
_ = model(keras.ops.zeros((1, 32, 32, 3)))
