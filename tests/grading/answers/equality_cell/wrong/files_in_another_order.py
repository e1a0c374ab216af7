# Misconception: the order of the files does not matter.
# Findings: not-from-the-artifact, called-different
# Loses: 4

fresh, equal = {}, {}
for name, artifact in artifacts.items():
    fresh[name] = deployment.predict_in_fresh_process(artifact, files[::-1]).probabilities
    largest = np.abs(fresh[name] - expected).max()
    same_top = (fresh[name].argmax(axis=1) == expected.argmax(axis=1)).all()
    equal[name] = largest <= 1e-4 and same_top
