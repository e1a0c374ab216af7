# Told: seconds|TimeoutError
import time
while True:
    try: time.sleep(10**6)
    except KeyboardInterrupt: pass
