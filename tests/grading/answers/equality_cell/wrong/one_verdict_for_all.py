# Misconception: equal is equal: one word is enough.
# Findings: no-verdict
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = all(np.abs(values - expected).max() <= 1e-4 for values in fresh.values())
