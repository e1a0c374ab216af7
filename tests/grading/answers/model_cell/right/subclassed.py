# A class of its own, with `training` handed on.

class MyNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1 = keras.layers.Conv2D(16, 3, strides=2, activation="relu")
        self.conv2 = keras.layers.Conv2D(32, 3, strides=2, activation="relu")
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.drop = keras.layers.Dropout(0.3)
        self.dense = keras.layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        x = self.conv1(x)
        x = self.conv2(x)
        x = self.pool(x)
        x = self.drop(x, training=training)
        return self.dense(x)

model = MyNet()
