# Misconception: a sample proves it.
# Findings: wrong-predictions-shape
# Loses: 2

fresh, equal = {}, {}
for name, artifact in artifacts.items():
    fresh[name] = deployment.predict_in_fresh_process(artifact, files[:10]).probabilities
    equal[name] = np.abs(fresh[name] - expected[:10]).max() <= 1e-4
