"""The embedded pair: a data set that the course renders itself, and a small pretrained DenseNet."""
