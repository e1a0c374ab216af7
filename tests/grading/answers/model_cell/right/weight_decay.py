# A penalty on the weights is the only regularization.

from keras.regularizers import l2

wd = 1e-4
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu", kernel_regularizer=l2(wd)),
    keras.layers.Conv2D(64, 3, strides=2, activation="relu", kernel_regularizer=l2(wd)),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax", kernel_regularizer=l2(wd)),
])
