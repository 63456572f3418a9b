"""What MkDocs is told beside mkdocs.yml: pages that lie outside docs/, links to them, and sources beside the pages."""

import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "measurements.md",
}
"""Pages of the site whose files stay where they are found in a repository."""
STANDS_FOR = {"README.md": "start.md"}
"""Files that have no page of their own, and the page that says the same."""
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s#]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that lie outside docs/."""
    for path, name in OUTSIDE.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leads links to where a page stands in the site, and names pages by their titles in place of their files."""
    del config
    name = page.file.src_uri
    here = {there: path for path, there in OUTSIDE.items()}.get(name, f"docs/{name}")

    def led(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        if re.match(r"[a-z]+:", target):
            return link[0]
        found = _in_site(_joined(PurePosixPath(here).parent, target))
        if files.get_file_from_path(found) is None:
            return text
        named = _title(found) if re.fullmatch(r"[\w/]+\.md", text) else text
        return f"[{named}]({found}{anchor})"

    parts = FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(led, part) for part in parts)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Puts a page's text beside it, as llms.txt links it."""
    target = Path(config.site_dir) / page.file.src_uri
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page.markdown or "", encoding="utf-8")
    return output


def _joined(folder: PurePosixPath, target: str) -> str:
    """The path in the repository that a link from a file in that folder leads to."""
    parts: list[str] = list(folder.parts)
    for part in PurePosixPath(target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _in_site(path: str) -> str:
    """Where a file of the repository stands in the site; one of docs/ stands at its top."""
    return OUTSIDE.get(path) or STANDS_FOR.get(path) or path.removeprefix("docs/")


def _title(page: str) -> str:
    """A page's first heading."""
    path = next((ROOT / path for path, there in OUTSIDE.items() if there == page), ROOT / "docs" / page)
    return path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
