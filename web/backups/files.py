"""Sealed files copied between the vault and a backup, several at a time, each proven by the digest of its bytes.

The digests are of the sealed bytes, so that a backup is proven without opening a page. Nothing is fsynced one by one:
the disk is asked once, behind the last file; what a crash left half-written before that stands in no list.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Progress = Callable[[int, int], None]
#: Reading, hashing and writing give the interpreter free: more of them than cores keep the disk busy.
AT_ONCE = 4
_BATCH = 64
_Item = TypeVar("_Item")
_Fate = TypeVar("_Fate")
#: Every backup reads one in so many of the files that lie in it since earlier: a disk that rots is noticed in a month.
TURNS = 30


@dataclass(frozen=True)
class SealedFile:
    """A file as a backup knows it: its place below the vault's folder, its bytes' number and SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass
class Copied:
    """What a run of copies came to; ``missing`` were not there, ``damaged`` are not what they should be."""

    files: list[SealedFile] = field(default_factory=list)
    copied: list[SealedFile] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """How many bytes were copied."""
        return sum(one.size for one in self.copied)


def copy_new(
    source: Path, target: Path, paths: Sequence[str], known: Mapping[str, SealedFile], turn: int, progress: Progress
) -> Copied:
    """Copy what the target lacks. ``known``: what an earlier backup proved there; one in ``TURNS`` is read again.

    One that lies there damaged is replaced. Raises OSError (disk full): what was copied by then stands in no list.
    """

    def act(path: str) -> tuple[str, SealedFile | None, bool]:
        lies = known.get(path)
        if lies is not None and _is_there(target / path, lies, thorough=int(path[:2], 16) % TURNS == turn):
            return path, lies, False
        return path, *_copied(source / path, target / path, path)

    done = Copied()
    for path, file, new in _each(act, paths, progress):
        if file is None:
            done.missing.append(path)
            continue
        done.files.append(file)
        if new:
            done.copied.append(file)
    os.sync()
    return done


def bring_back(source: Path, target: Path, files: Sequence[SealedFile], progress: Progress) -> Copied:
    """Copy these from a backup; one that is not what it should be is left out and named."""

    def act(file: SealedFile) -> tuple[SealedFile, str]:
        if _is_there(target / file.path, file, thorough=True):
            return file, "lies there"
        try:
            data = (source / file.path).read_bytes()
        except OSError:
            return file, "missing"
        if hashlib.sha256(data).hexdigest() != file.sha256:
            return file, "damaged"
        _write(target / file.path, data)
        return file, "copied"

    done = Copied()
    for file, fate in _each(act, files, progress):
        if fate in {"lies there", "copied"}:
            done.files.append(file)
        if fate == "copied":
            done.copied.append(file)
        elif fate == "missing":
            done.missing.append(file.path)
        elif fate == "damaged":
            done.damaged.append(file.path)
    os.sync()
    return done


def not_as_written(folder: Path, files: Sequence[SealedFile], progress: Progress) -> list[str]:
    """Read files back from the disk, not from memory; the paths of those that are not what was written."""

    def act(file: SealedFile) -> str | None:
        path = folder / file.path
        _forget_cached(path)
        return None if _is_there(path, file, thorough=True) else file.path

    return [path for path in _each(act, files, progress) if path is not None]


def _copied(source: Path, target: Path, path: str) -> tuple[SealedFile | None, bool]:
    try:
        data = source.read_bytes()
    except FileNotFoundError:
        return None, False
    file = SealedFile(path, len(data), hashlib.sha256(data).hexdigest())
    if _is_there(target, file, thorough=True):  # left by a backup that was cut off
        return file, True
    _write(target, data)
    return file, True


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all, under its own name; the caller lets the disk settle at the end."""
    temporary = target.with_name(f".{target.name}.part")
    try:
        try:
            temporary.write_bytes(data)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _is_there(path: Path, file: SealedFile, *, thorough: bool) -> bool:
    try:
        if not thorough:
            return path.stat().st_size == file.size
        return path.stat().st_size == file.size and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    except OSError:
        return False


def _forget_cached(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _each(act: Callable[[_Item], _Fate], items: Sequence[_Item], progress: Progress) -> Iterator[_Fate]:
    """Act on all, several at a time, in order; the first error ends it."""
    total = len(items)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, total, _BATCH * AT_ONCE):
            batches = [items[at : at + _BATCH] for at in range(start, min(start + _BATCH * AT_ONCE, total), _BATCH)]
            for results in pool.map(lambda batch: [act(one) for one in batch], batches):
                yield from results
            progress(min(start + _BATCH * AT_ONCE, total), total)
