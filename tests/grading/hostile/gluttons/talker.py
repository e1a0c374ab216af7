# Told: printed more than
while True: print('x' * 100_000)
