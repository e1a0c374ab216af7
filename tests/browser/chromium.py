"""A Chromium without a window that looks at JupyterLab, and at the service's page."""

import contextlib
import shutil

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def why_not():
    """Return why there is no browser to test with, or None when there is one."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install playwright"
    if _program() is None:
        return "there is no Chromium: apt-get install chromium"
    return None


def _program():
    """Return the path of the system's Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def open_page(address, width=1280, height=800):
    """Open an address in a new Chromium, and wait until the notebook and its kernel are ready.

    Yields:
        Playwright's page, as `browse` does.
    """
    with browse(address, width, height) as page:
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        wait_until_idle(page, 60)
        yield page


@contextlib.contextmanager
def browse(address, width=1280, height=800):
    """Open any address in a new Chromium.

    Yields:
        Playwright's page. What its console says of errors, errors that no code caught, and answers
        of the server that report an error are collected in `page.problems`, a list of texts.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(60_000)  # milliseconds
        page.problems = []
        page.on("console", lambda message: _collect_console(page.problems, message))
        page.on("pageerror", lambda error: page.problems.append(f"uncaught: {error}"))
        page.on("response", lambda response: _collect_response(page.problems, response))
        page.goto(address)
        yield page
        browser.close()


def _collect_console(problems, message):
    if message.type == "error":
        problems.append(f"console: {message.text}")


def _collect_response(problems, response):
    if response.status >= 400:
        problems.append(f"{response.status} from {response.url}")


def cell(page, text):
    """Return the code cell that holds a text."""
    return page.locator(".jp-CodeCell", has=page.locator(".cm-content", has_text=text)).first


def fill_in(page, text, source):
    """Replace the source of the code cell that holds a text."""
    editor = cell(page, text).locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Escape")


def answer(page, text, source):
    """Replace the source of the text cell that holds a text."""
    question = page.locator(".jp-MarkdownCell", has_text=text)
    question.click()
    page.keyboard.press("Enter")
    question.locator(".cm-content").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")


def choose(page, menu, item):
    """Choose an item of a menu."""
    page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
    page.locator(".lm-Menu-item", has=page.get_by_text(item, exact=True)).first.click()


def show(page, element):
    """Scroll to an element, and wait until JupyterLab has drawn it."""
    for _ in range(2):  # what is drawn on the way may push it out of sight again
        element.evaluate("element => element.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(500)


def wait_until_idle(page, timeout):
    """Wait until the kernel has started and has run everything, at most `timeout` seconds."""
    page.wait_for_timeout(500)  # until the kernel has got the request
    page.wait_for_function(
        """() => document.querySelector("#jp-main-statusbar").innerText.includes("| Idle")
            && ![...document.querySelectorAll(".jp-InputPrompt")].some(
                prompt => prompt.innerText.includes("*"))""",
        timeout=1000 * timeout,
    )
