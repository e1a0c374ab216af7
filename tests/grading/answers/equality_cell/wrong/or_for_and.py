# Misconception: one of the conditions is enough.
# Findings: called-equal
# Loses: 2
# One token from: as_asked

fresh, equal = {}, {}
for name, artifact in artifacts.items():
    fresh[name] = deployment.predict_in_fresh_process(artifact, files).probabilities
    largest = np.abs(fresh[name] - expected).max()
    same_top = (fresh[name].argmax(axis=1) == expected.argmax(axis=1)).all()
    equal[name] = largest <= 1e-4 or same_top
