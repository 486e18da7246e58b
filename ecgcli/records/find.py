"""Find recordings below files and folders: which there are, and where their outputs go.

It knows folders, links and what belongs together (a WFDB header and its signal files, a table and
its sidecar); what a file is it asks `identify`, and it reads no signal. Folders are walked one at a
time, in a fixed order, and only one folder's names are in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from ecgcli.records import wfdb_header
from ecgcli.records.identify import Identity, Kind, identify
from ecgcli.records.names import output_names
from ecgcli.records.sidecar import find_sidecar, is_sidecar, names_for

UNKNOWN_FORMAT = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """A recording that was found.

    Attributes:
        path: Its main file: the header of a WFDB record, the table of a table with a sidecar.
        output: Where its outputs go below the output directory, without the extension.
        format: Short name of its format; "unknown" where it cannot be opened, which `read` tells.
    """

    path: Path
    output: PurePosixPath
    format: str


@dataclass(frozen=True, slots=True)
class NotAnEcg:
    """A file that is no ECG, and why."""

    path: Path
    reason: str


Found = Source | NotAnEcg


def find(
    paths: Sequence[Path], *, exclude: Path | None = None, tables: bool = False
) -> Iterator[Found]:
    """Find all recordings below `paths`, lazily and in a stable order.

    Passed over without a word are hidden files and folders, `exclude`, reports of earlier runs,
    companions (signal and annotation files, segments, sidecars), loops and whatever was met before.

    Args:
        paths: Files and folders. A WFDB record may be given by any of its files, or without
            the extension.
        exclude: The output directory.
        tables: Whether options state rate and unit, so that CSV files whose header line names
            leads need no sidecar.

    Yields:
        `Source` for ECGs and for what cannot be opened (`read` says why), `NotAnEcg` for others.
    """
    roots = [_Root.of(path) for path in paths]
    walk = _Walk(roots, exclude, tables)
    for root in roots:
        yield from walk.below(root)


@dataclass(frozen=True, slots=True)
class _Root:
    """A PATH that was given: a folder, or a file and the folder it is in."""

    folder: Path
    file: str | None

    @classmethod
    def of(cls, path: Path) -> _Root:
        # Not resolve(): what links lead to keeps the names that it has here.
        path = Path(os.path.abspath(path))  # noqa: PTH100
        if path.is_dir():
            return cls(path, None)
        if not path.exists() and path.with_name(path.name + ".hea").exists():
            path = path.with_name(path.name + ".hea")
        return cls(path.parent, path.name)


class _Walk:
    """A walk over all roots; remembers folders and links, so that nothing counts twice."""

    def __init__(self, roots: Sequence[_Root], exclude: Path | None, tables: bool) -> None:
        self._tables = tables
        self._top = Path(os.path.commonpath([str(root.folder) for root in roots] or ["/"]))
        # Real paths of the folders that are walked with all that is in them.
        self._walked_below = [_real(root.folder) for root in roots if root.file is None]
        self._exclude = _real(exclude) if exclude is not None else None
        if any(self._is_excluded(real) for real in self._walked_below):
            self._exclude = None  # reports go among the records: they are told by their content
        self._folders: set[tuple[int, int]] = set()
        self._files: set[Path] = set()  # real paths of files given or linked, not of all files
        self._last: _Folder | None = None
        self._names_in = lru_cache(maxsize=64)(_output_names_in)

    def below(self, root: _Root) -> Iterator[Found]:
        """Yield what a root holds."""
        if root.file is not None:
            yield from self._given(root.folder, root.file)
            return
        pending = [(root.folder, self._prefix(root.folder))]
        while pending:
            path, prefix = pending.pop()
            if not self._enter(path):
                continue
            try:
                folder = _Folder(path, prefix, self._tables)
            except OSError:
                yield Source(path, prefix, UNKNOWN_FORMAT)
                continue
            for name in folder.files:
                found = folder.found(name)
                if found is not None and self._first_time(path / name):
                    yield found
            pending += [
                (path / name, prefix / folder.outputs[name])
                for name in reversed(folder.folders)
                if not self._comes_anyway(path / name)
            ]

    def _given(self, path: Path, name: str) -> Iterator[Found]:
        """Yield what a given file is; a companion stands for the record that it belongs to."""
        try:
            if self._last is None or self._last.path != path:
                self._last = _Folder(path, self._prefix(path), self._tables)
        except OSError:
            yield Source(path / name, PurePosixPath(name), UNKNOWN_FORMAT)
            return
        folder = self._last
        found = folder.found(name, given=True)
        if found is None:
            owner = folder.owner(name)
            if owner is None:
                return
            name, found = owner, folder.found(owner, given=True)
        real = _real(path / name)
        if found is None or real in self._files or self._is_walked(real):
            return
        self._files.add(real)
        yield found

    def _prefix(self, path: Path) -> PurePosixPath:
        """Return the output folder of a folder: its path below the top, each part as named."""
        here, result = self._top, PurePosixPath()
        for depth, part in enumerate(path.relative_to(self._top).parts):
            result /= self._names_in(here, depth == 0).get(part, part)
            here /= part
        return result

    def _enter(self, path: Path) -> bool:
        """Say whether a folder is to be walked: not excluded, and not walked before."""
        try:
            status, real = path.stat(), _real(path)
        except OSError:
            return True  # opening it will tell
        key = (status.st_dev, status.st_ino)
        if key in self._folders or self._is_excluded(real):
            return False
        self._folders.add(key)
        if path.is_symlink():
            self._walked_below.append(real)
        return True

    def _is_excluded(self, real: Path) -> bool:
        return self._exclude is not None and real.is_relative_to(self._exclude)

    def _is_walked(self, real: Path) -> bool:
        """Say whether the walk comes to a real path by itself: below a root and not hidden."""
        return not self._is_excluded(real) and any(
            real.is_relative_to(root)
            and not any(part.startswith(".") for part in real.relative_to(root).parts)
            for root in self._walked_below
        )

    def _comes_anyway(self, path: Path) -> bool:
        return path.is_symlink() and self._is_walked(_real(path))

    def _first_time(self, path: Path) -> bool:
        """Say whether a file was not met before, by a link or because it was given."""
        if not path.is_symlink():
            return not self._files or _real(path) not in self._files
        real = _real(path)
        if path.exists() and (self._is_walked(real) or real in self._files):
            return False
        self._files.add(real)
        return True


class _Folder:
    """One folder: its names in order, what belongs to what, and where outputs go."""

    def __init__(self, path: Path, prefix: PurePosixPath, tables: bool) -> None:
        self.path = path
        self.prefix = prefix
        self._tables = tables
        self._all_files, self._all_folders = _list(path)
        self.files = [name for name in self._all_files if not name.startswith(".")]
        self.folders = [name for name in self._all_folders if not name.startswith(".")]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Output name by name of file or folder."""
        top = self.prefix == PurePosixPath()
        return output_names(self._all_files, self._all_folders, top)

    @cached_property
    def _claims(self) -> dict[str, str]:
        """Header by the name of each file that a WFDB header names."""
        return self._headers[0]

    @cached_property
    def _stems(self) -> dict[str, str]:
        """Header, sound or broken, by the name of its record."""
        return self._headers[1]

    @cached_property
    def _headers(self) -> tuple[dict[str, str], dict[str, str]]:
        claims: dict[str, str] = {}
        stems: dict[str, str] = {}
        for name in self.files:
            if not name.casefold().endswith(".hea"):
                continue
            try:
                text = wfdb_header.read_text(self.path / name)
                if not wfdb_header.looks_like_header(text):
                    continue
                stems[name[:-4]] = name
                members = wfdb_header.parse(text).files()
            except (OSError, ValueError):
                continue
            for member in members:
                if member != name:
                    claims.setdefault(member, name)
        return claims, stems

    @cached_property
    def _sidecars(self) -> dict[str, str]:
        """Table by the name of each JSON file that would be its sidecar."""
        claims: dict[str, str] = {}
        for name in self.files:
            if not name.casefold().endswith(".json"):
                for candidate in names_for(name):
                    claims.setdefault(candidate, name)
        return claims

    def owner(self, name: str) -> str | None:
        """Return the main file of the record that a file belongs to, if it is a companion."""
        owner = self._claims.get(name)
        if owner is not None:
            return self._claims.get(owner, owner)  # a segment's signal file: the whole record
        if name.casefold().endswith(".json") and is_sidecar(self.path / name):
            return self._sidecars.get(name)
        stem = name.rpartition(".")[0]
        return self._stems.get(stem) or self._stems.get(name.partition(".")[0])

    def found(self, name: str, given: bool = False) -> Found | None:
        """Say what a file is; `None` for what is passed over. `given`: the user named this file."""
        path = self.path / name
        # A header that was named speaks for itself: no need to parse all others of the folder.
        itself = given and name.casefold().endswith(".hea")
        claimed = not itself and name in self._claims
        if path.is_symlink() and not path.exists():
            return NotAnEcg(path, "a link that leads nowhere")
        try:
            identity = identify(path, companion=claimed)
        except OSError:
            return None if claimed else self._source(name, UNKNOWN_FORMAT)
        if identity.kind is Kind.REPORT or (name == "findings.csv" and self._is_output):
            return None
        if identity.kind is Kind.ECG:
            segment = claimed and identity.format == "wfdb" and not given
            return None if segment else self._source(name, identity.format)
        if not claimed and self._explained(path, identity):
            return self._source(name, identity.format or "csv")
        if self.owner(name) is not None:
            return None
        reason = identity.reason
        if identity.kind is Kind.TABLE:
            reason = "a table of numbers, but nothing states its rate, unit and leads"
        return NotAnEcg(path, reason)

    def _explained(self, path: Path, identity: Identity) -> bool:
        """Say whether a sidecar, or options and the header line, tell what a table means.

        A sidecar under the table's full name says that it is one, however damaged it looks.
        """
        sidecar = find_sidecar(path)
        if sidecar is not None:
            return identity.kind is Kind.TABLE or sidecar.name == names_for(path.name)[0]
        return self._tables and identity.names_leads

    @property
    def _is_output(self) -> bool:
        return ".ecgcli" in self._all_folders

    def _source(self, name: str, format: str) -> Source:
        return Source(self.path / name, self.prefix / self.outputs.get(name, name), format)


def _real(path: Path) -> Path:
    """Return where links lead; unlike `Path.resolve` it lives with links that lead in a circle."""
    return Path(os.path.realpath(path))


def _output_names_in(path: Path, top: bool) -> dict[str, str]:
    try:
        return output_names(*_list(path), top)
    except OSError:
        return {}


def _list(path: Path) -> tuple[list[str], list[str]]:
    """Return the names of the files and of the folders in a folder, each in order."""
    files, folders = [], []
    with os.scandir(path) as entries:
        for entry in entries:
            try:
                if entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file() or entry.is_symlink():
                    files.append(entry.name)
            except OSError:
                files.append(entry.name)
    return sorted(files), sorted(folders)
