# Misconception: a difference is small if it is below the limit; a negative one always is.
# Findings: called-equal
# Loses: 2

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {}
for name in fresh:
    difference = (fresh[name] - expected).mean()
    equal[name] = difference <= 1e-4
