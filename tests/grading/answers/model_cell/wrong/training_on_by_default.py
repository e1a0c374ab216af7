# Misconception: whether it trains is fixed in the class, and not handed in.
# Findings: random-in-inference
# Loses: 1
# One token from: subclassed

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
        x = self.drop(x, training=True)
        return self.dense(x)

model = MyNet()
