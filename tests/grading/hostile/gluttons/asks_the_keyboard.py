# Told: StdinNotImplementedError
input('What is the answer? ')
