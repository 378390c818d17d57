"""Fuzzing of every reader: mutated files, through `open_source` and `customer_text`, for a given time.

``python -m tests.fuzz.readers --seconds 60 --seed 1`` ends with 1 and keeps the input if an exception outside
KaharaError, a crash, an input of more than 5 seconds or memory above the bound is found. Needs the extra ``fuzz``.
"""

import argparse
import gzip
import io
import random
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path

from kahara_nlp.errors import KaharaError, MissingExtraError

from .seeds import LONGEST, seeds, words

SECONDS_PER_INPUT = 5
OWN = frozenset({"kumiai.example"})


def read_everything(path: Path) -> None:
    """Read a file as a user would; only errors of the library may come out, and the spans must hold."""
    from kahara_nlp.customer_text import customer_text
    from kahara_nlp.records import Message
    from kahara_nlp.sources import SourceOptions, open_source

    places: dict[str, int] = {}
    try:
        for row in open_source(path, SourceOptions(own_domains=OWN)):
            assert row.position > places.get(row.source, -1), "positions must rise within a source"
            places[row.source] = row.position
            if isinstance(row, Message):
                own = customer_text(row)
                assert own.text == "\n".join(row.text[start:end] for start, end in own.spans)
    except KaharaError:
        pass


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """Mutate what is packed, too: a checksum would keep every change of the outside from being read."""
    import atheris

    chance = random.Random(seed)
    try:
        if data.startswith(b"\x1f\x8b") and chance.random() < 0.8:
            return gzip.compress(atheris.Mutate(gzip.decompress(data)[:most], most), mtime=0)
        if data.startswith(b"PK") and chance.random() < 0.8:
            return _mutated_member(data, most, chance)
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        pass
    if data.startswith(b"!BDN") and len(data) > 0x4700 and chance.random() < 0.9:
        return data[:0x4600] + atheris.Mutate(data[0x4600:], max(len(data) - 0x4600, most - 0x4600))
    return atheris.Mutate(data, most)


def _mutated_member(data: bytes, most: int, chance: random.Random) -> bytes:
    import atheris

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        members = old.infolist()[:30]
        chosen = chance.randrange(len(members)) if members else 0
        for number, member in enumerate(members):
            content = old.read(member)[:most]
            info = zipfile.ZipInfo(member.filename or "x")
            new.writestr(info, atheris.Mutate(content, most) if number == chosen else content)
    return out.getvalue()


def work(folder: Path, seconds: int, seed: int, memory: int) -> None:
    """Fuzz in this process, which libFuzzer ends."""
    import resource

    import atheris

    with atheris.instrument_imports(include=["kahara_nlp"], enable_loader_override=False):
        import kahara_nlp.customer_text
        import kahara_nlp.sources  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))
    file = folder / "input"

    def one(data: bytes) -> None:
        file.write_bytes(data)
        read_everything(file)

    arguments = [
        sys.argv[0], str(folder / "corpus"), f"-max_total_time={seconds}", f"-timeout={SECONDS_PER_INPUT}", "-rss_limit_mb=0",
        f"-seed={seed}", f"-max_len={LONGEST}", f"-dict={folder / 'words'}", f"-artifact_prefix={folder}/found-", "-len_control=0",
    ]  # fmt: skip
    atheris.Setup(arguments, one, custom_mutator=mutated)
    atheris.Fuzz()


def prepare(folder: Path) -> None:
    """Write the corpus and the dictionary."""
    (folder / "corpus").mkdir()
    for name, data in seeds().items():
        (folder / "corpus" / name.replace("/", "_")).write_bytes(data)
    lines = ["".join(f"\\x{byte:02x}" for byte in word) for word in words()]
    (folder / "words").write_text("".join(f'"{line}"\n' for line in lines))


def main(arguments: list[str] | None = None) -> int:
    """Fuzz in a process of its own, so that a crash of a C library is found as well."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.readers", description="Fuzz every reader for a given time."
    )
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 2**31))
    parser.add_argument("--memory", type=int, default=3_000, help="bound of the address space in MB")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), help="folder for inputs that fail")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if not find_spec("atheris"):
        task = "fuzzing"
        raise MissingExtraError(task, "fuzz")
    if given.worker:
        work(given.worker, given.seconds, given.seed, given.memory)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder)
        command = [sys.executable, "-m", __spec__.name if __spec__ else "tests.fuzz.readers", "--worker", scratch]
        command += ["--seconds", str(given.seconds), "--seed", str(given.seed), "--memory", str(given.memory)]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if run.returncode == 0:
            done = re.search(r"Done (\d+) runs", run.stderr)
            print(f"nothing found in {int(done[1]) if done else 0:,} inputs and {given.seconds} s, seed {given.seed}")
            return 0
        given.keep.mkdir(parents=True, exist_ok=True)
        failing = sorted(folder.glob("found-*")) or [folder / "input"]
        for path in failing:
            (given.keep / path.name).write_bytes(path.read_bytes())
        said = [
            line for line in (run.stdout + run.stderr).splitlines() if not re.match(r"#\d+\s|INFO|\d+/\d+ MS", line)
        ]
        print(*said[-40:], sep="\n", file=sys.stderr)
        print(f"failed with {run.returncode}, seed {given.seed}; inputs kept in {given.keep}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KaharaError as error:
        sys.exit(str(error))
