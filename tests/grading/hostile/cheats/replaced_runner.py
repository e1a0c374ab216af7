async def run(*a, **k):
    from IPython.core.interactiveshell import ExecutionResult
    return ExecutionResult(None)
get_ipython().run_cell_async = run
