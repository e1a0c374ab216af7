# Told: The kernel died
import os; os.kill(os.getpid(), 9)
