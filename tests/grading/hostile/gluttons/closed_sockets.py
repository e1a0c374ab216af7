# Told: seconds|did not answer|The kernel died
k = get_ipython().kernel
k.iopub_socket.close()
