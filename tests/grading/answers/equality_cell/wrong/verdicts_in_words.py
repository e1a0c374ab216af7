# Misconception: yes and no are as clear as `True` and `False`.
# Findings: no-verdict
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {
    name: "yes" if np.abs(values - expected).max() <= 1e-4 else "no" for name, values in fresh.items()
}
