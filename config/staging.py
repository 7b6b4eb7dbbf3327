"""A site as it would be with some other files, to be looked at before anything is written.

The site's folder is laid out again in a temporary one, by links; only the files that change stand
there themselves. So exactly what a start reads is what is checked.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from config.load import load
from config.schema import Config


def load_with(root: Path, files: Mapping[str, str]) -> Config:
    """The site of *root* with the texts of *files* (relative names; '' removes one). Raises
    Invalid with every problem."""
    with _staged(root, files) as staged:
        return load(staged)._replace(root=root)


@contextmanager
def _staged(root: Path, files: Mapping[str, str]) -> Iterator[Path]:
    with TemporaryDirectory(prefix="linli-site-") as folder:
        staged = Path(folder)
        (staged / "rules").mkdir()
        for path in [*root.iterdir(), *(root / "rules").glob("*")]:
            name = str(path.relative_to(root))
            if name not in files and name != "rules":
                (staged / name).symlink_to(path.absolute())
        for name, text in files.items():
            if text:
                (staged / name).write_text(text, encoding="utf-8")
        yield staged
