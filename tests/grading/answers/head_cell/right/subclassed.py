# A class of its own.

class Transfer(keras.Model):
    def __init__(self, backbone):
        super().__init__()
        self.preprocessing = densenet.build_preprocessing(profile)
        self.backbone = backbone
        self.flatten = keras.layers.Flatten()
        self.norm = keras.layers.BatchNormalization()
        self.hidden = keras.layers.Dense(64, activation="relu")
        self.drop = keras.layers.Dropout(0.5)
        self.answer = keras.layers.Dense(10, activation="softmax")

    def call(self, images, training=None):
        x = self.backbone(self.preprocessing(images), training=False)
        x = self.norm(self.flatten(x), training=training)
        x = self.drop(self.hidden(x), training=training)
        return self.answer(x)

model = Transfer(backbone)
model.build((None, 32, 32, 3))
frozen, head = model.backbone, model.answer
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
