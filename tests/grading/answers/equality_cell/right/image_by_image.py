# Loops over images, no array operation.

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {}
for name in fresh:
    equal[name] = True
    for mine, theirs in zip(expected, fresh[name]):
        if mine.argmax() != theirs.argmax():
            equal[name] = False
        for a, b in zip(mine, theirs):
            if abs(a - b) > 0.0001:
                equal[name] = False
