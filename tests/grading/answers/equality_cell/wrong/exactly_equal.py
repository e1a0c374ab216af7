# Misconception: equal means equal.
# Findings: called-different
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {name: np.array_equal(values, expected) for name, values in fresh.items()}
