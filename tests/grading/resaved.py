"""What other programs make of a notebook when they save it, as changes of its JSON."""


def jupyterlab(content):
    for cell in content["cells"]:
        cell["metadata"] |= {"editable": True, "slideshow": {"slide_type": ""}}
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = 7, []
    content["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}


def vs_code(content):
    content["metadata"] |= {"language_info": {"name": "python", "version": "3.12.4"}}
    content["metadata"]["kernelspec"]["display_name"] = ".venv (3.12.4)"
    for cell in content["cells"]:
        cell["metadata"].setdefault("vscode", {"languageId": "python"})


def colab(content):
    content["metadata"] |= {"colab": {"provenance": [], "gpuType": "T4"}, "accelerator": "GPU"}
    for number, cell in enumerate(content["cells"]):
        cell["metadata"] |= {"id": f"x{number}", "outputId": "y", "colab": {"height": 35}}
        del cell["id"]


def tools_of_nbformat_4_4(content):
    content["nbformat_minor"] = 4
    for cell in content["cells"]:
        del cell["id"]
        cell["source"] = "".join(cell["source"])


BY = {
    "jupyterlab": jupyterlab,
    "vs-code": vs_code,
    "colab": colab,
    "nbformat-4-4": tools_of_nbformat_4_4,
}
