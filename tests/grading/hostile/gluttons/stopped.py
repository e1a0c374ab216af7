# Told: seconds|did not answer
import os, signal; os.kill(os.getpid(), signal.SIGSTOP)
