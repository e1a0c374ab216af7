# Misconception: each image is equal or not.
# Findings: no-verdict
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {name: np.abs(values - expected).max(axis=1) <= 1e-4 for name, values in fresh.items()}
