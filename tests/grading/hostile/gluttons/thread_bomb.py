# Told: seconds|The kernel died|start new thread
import threading, time
while True:
    threading.Thread(target=time.sleep, args=[10**6]).start()
