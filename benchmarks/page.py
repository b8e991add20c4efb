"""Tables in Markdown, and pages of documentation that hold some between marks. The words around them stay."""

from collections.abc import Iterable
from pathlib import Path


def table(head: Iterable[str], rows: Iterable[Iterable[str]], texts: int = 1) -> str:
    """A table; its first columns are texts, the others figures."""
    head = list(head)
    marks = [*["---"] * texts, *["--:"] * (len(head) - texts)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *map(list, rows)))


def between(page: str, name: str, text: str) -> str:
    """The page with this text between the marks of that name."""
    opening, closing = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = page.split(opening)
    return f"{before}{opening}{text}\n{closing}{rest.split(closing, 1)[1]}"


def write(path: Path, texts: dict[str, str]) -> None:
    """Put each text between the marks of its name."""
    page = path.read_text()
    for name, text in texts.items():
        page = between(page, name, text)
    path.write_text(page)
