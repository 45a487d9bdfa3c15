"""The built book: every link and picture of every page leads to a file of the book, and every anchor to something on its page.

    python3 links.py BOOK
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

book = Path(sys.argv[1]).resolve()


class Page(HTMLParser):
    """The targets and the anchors of a page."""

    def __init__(self):
        super().__init__()
        self.targets, self.anchors = [], {""}

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value and tag != "base":
                self.targets.append(value)
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)


def read(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


pages = {path: read(path) for path in sorted(book.rglob("*.html"))}
assert len(pages) > 20, list(pages)


def wrong(path, target):
    """What is wrong with a target on a page; None: nothing."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None  # the outside is not looked at
    where = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if where.is_dir():
        where = where / "index.html"
    if not where.is_file() or book not in where.parents:
        return f"{path.name}: nothing is at {target}"
    if where in pages and unquote(parts.fragment) not in pages[where].anchors:
        return f"{path.name}: {target} has no such place"
    return None


skipped = {"404.html", "toc.html"}  # made for other folders than their own
first = next(iter(pages))
assert wrong(first, "no-such-page.html") and wrong(first, "index.html#no-such-place") and wrong(first, "../Cargo.toml")
every = [(path, target) for path, page in pages.items() if path.name not in skipped for target in page.targets]
found = [what for path, target in every if (what := wrong(path, target))]
assert not found, "\n".join(found)
print(f"links: {len(every)} of {len(pages)} pages")
