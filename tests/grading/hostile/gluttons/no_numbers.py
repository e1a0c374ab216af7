# Told: did not answer as a kernel does
import json

kernel = get_ipython().kernel
kernel.session.pack = lambda content: json.dumps(content, default=str).encode()
content = {"data": {"text/plain": "x \ud800"}, "metadata": {}, "execution_count": "[/x]"}
kernel.session.send(kernel.iopub_socket, "execute_result", content, kernel.get_parent())
model = None
