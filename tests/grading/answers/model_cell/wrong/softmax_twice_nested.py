# Misconception: the classifier ends in softmax, and so does the model around it.
# Findings: softmax-twice
# Loses: 1

classifier = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
inputs = keras.Input((32, 32, 3))
x = classifier(inputs)
x = keras.layers.Dropout(0.1)(x)
model = keras.Model(inputs, keras.ops.softmax(x))
