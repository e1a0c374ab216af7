# Told: MemoryError
x = bytearray(20 * 2**30)
