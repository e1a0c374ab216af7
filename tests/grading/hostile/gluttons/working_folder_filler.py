# Told: wrote more than
import time

for number in range(20):
    with open(f"{number}", "wb") as file:
        file.write(b"0" * 10**7)
time.sleep(30)
