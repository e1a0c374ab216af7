# Told: bytes of memory|No space left|File too large
import os, time
for n in range(99):
    f = os.memfd_create(str(n))
    for _ in range(20): os.write(f, b'0' * 10**7)
time.sleep(3)
