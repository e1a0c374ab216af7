# Told: No space left
for n in range(99):
    open(f'/dev/shm/{n}', 'wb').write(b'0' * 10**8)
