# Misconception: what is not compared need not be kept.
# Findings: missing-format
# Loses: 4

artifacts = {"keras": artifacts["keras"]}
fresh, equal = {}, {}
for name, artifact in artifacts.items():
    fresh[name] = deployment.predict_in_fresh_process(artifact, files).probabilities
    largest = np.abs(fresh[name] - expected).max()
    same_top = (fresh[name].argmax(axis=1) == expected.argmax(axis=1)).all()
    equal[name] = largest <= 1e-4 and same_top
