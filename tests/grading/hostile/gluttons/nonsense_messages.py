# Told: did not answer as a kernel does
k = get_ipython().kernel
k.session.send(k.iopub_socket, 'nonsense', {}, parent=k.get_parent())
k.session.send(k.iopub_socket, 'status', {}, parent=k.get_parent())
