# Told: printed more than|bytes of memory
while True: print('x' * 100_000)
