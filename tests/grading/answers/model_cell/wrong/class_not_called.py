# Misconception: the class is the model; the brackets that make one from it are missing.
# Findings: not-a-model
# Loses: 5

class MyNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(16, 3, strides=2, activation="relu")
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.dense = keras.layers.Dense(10, activation="softmax")

    def call(self, x):
        return self.dense(self.pool(self.conv(x)))

model = MyNet
