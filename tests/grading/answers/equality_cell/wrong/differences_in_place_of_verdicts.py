# Misconception: the number says it all.
# Findings: no-verdict
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {name: float(np.abs(values - expected).max()) for name, values in fresh.items()}
