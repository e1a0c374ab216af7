# Misconception: the model of the notebook stands for its artifacts.
# Findings: from-the-notebook, called-equal
# Loses: 4

fresh = {name: model.predict(images, verbose=0) for name in artifacts}
equal = {name: bool(np.abs(fresh[name] - expected).max() <= 1e-4) for name in artifacts}
