# Told: bytes of memory
import os
for _ in range(20):
    if os.fork() == 0: break
x = b'1' * 2**30
while True: pass
