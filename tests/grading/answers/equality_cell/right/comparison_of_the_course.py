# The comparison that the course has, found in the text below.

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {
    name: deployment.compare_predictions(expected, values).equal for name, values in fresh.items()
}
