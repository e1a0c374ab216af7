# Told: 40 seconds
while True:
    try:
        while True: pass
    except KeyboardInterrupt: pass
