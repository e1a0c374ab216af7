# Misconception: the same class is the same answer.
# Findings: called-equal
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {
    name: (values.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.9 for name, values in fresh.items()
}
