# Patches and attention, as in a vision transformer.

from keras import layers

images = keras.Input((32, 32, 3))
patches = layers.Conv2D(16, 4, strides=4, name="patches")(images)
x = layers.Reshape((64, 16))(patches)
x = x + layers.Embedding(64, 16)(keras.ops.arange(64))
y = layers.LayerNormalization()(x)
x = x + layers.MultiHeadAttention(num_heads=2, key_dim=8, dropout=0.1)(y, y)
y = layers.LayerNormalization()(x)
x = x + layers.Dense(16)(layers.Dense(32, activation="gelu")(y))
x = layers.GlobalAveragePooling1D()(x)
model = keras.Model(images, layers.Dense(10, activation="softmax")(x))
