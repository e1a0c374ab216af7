# Misconception: one dictionary for everything is tidier.
# Findings: damaged-artifact
# Loses: 4

fresh, equal = {}, {}
for name in artifacts:
    artifacts[name] = deployment.predict_in_fresh_process(artifacts[name], files).probabilities
    fresh[name] = artifacts[name]
    largest = np.abs(fresh[name] - expected).max()
    same_top = (fresh[name].argmax(axis=1) == expected.argmax(axis=1)).all()
    equal[name] = largest <= 1e-4 and same_top
