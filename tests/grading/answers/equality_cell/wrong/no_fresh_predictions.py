# Misconception: only the verdicts are asked for.
# Findings: no-predictions
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {name: np.abs(p - expected).max() <= 1e-4 for name, p in fresh.items()}
fresh = None
