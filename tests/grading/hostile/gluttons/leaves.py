# Told: The kernel died
import os; os._exit(0)
