"""How fast an archive is scored, as a ratio to the standard library only parsing it.

``python -m tests.benchmarks.archive_speed --mails 10000`` writes an mbox of the sample mails over and over, each with its
own id, parses it with `mailbox` on one core, scores it, and prints rates, their ratio and the peak memory
of the reading process and of the largest worker. ``--quiet-share 0.98`` makes that share of the mails the sample mails without a finding, as
real archives are mostly quiet; by default every sample mail comes equally often, and a third of the messages are flagged. Not a test: machines
are noisy.
"""

import argparse
import csv
import mailbox
import random
import re
import resource
import tempfile
import time
from pathlib import Path

from joblib.externals.loky import get_reusable_executor

from kahara_nlp.archive import score_archive

OWN = {"kumiai.example"}
INBOX = Path(__file__).resolve().parents[2] / "data" / "samples" / "inbox.mbox"


def sample_mails() -> tuple[list[bytes], list[bytes]]:
    """Return all sample mails, and those that hold no harassment."""
    mails = re.split(rb"(?m)^(?=From [^\n]* \d{4}$)", INBOX.read_bytes())[1:]
    with (INBOX.parent / "expected.csv").open(encoding="utf-8", newline="") as handle:
        harassing = [
            row["message_id"].encode() for row in csv.DictReader(handle) if row["labels"] and row["message_id"]
        ]
    return mails, [mail for mail in mails if not any(name in mail for name in harassing)]


def write_archive(path: Path, mails: int, quiet_share: float = 0.0) -> int:
    """Repeat the sample mails with ids of their own; that share of them only from those without a finding."""
    everything, quiet = sample_mails()
    rng = random.Random(0)
    with path.open("wb") as handle:
        for number in range(mails):
            samples = quiet if rng.random() < quiet_share else everything
            mail = samples[number % len(samples)]
            handle.write(re.sub(rb"(?im)^(Message-ID: <)", rb"\g<1>%d." % number, mail, count=1))
    return path.stat().st_size


def parse_with_mailbox(path: Path) -> float:
    """Return the seconds that `mailbox` takes to parse every mail."""
    started = time.perf_counter()
    for mail in mailbox.mbox(path, create=False):
        mail.get_content_type()
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quiet-share", type=float, default=0.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.mbox"
        size = write_archive(path, arguments.mails, arguments.quiet_share)
        parsing = parse_with_mailbox(path)
        started = time.perf_counter()
        counts = score_archive(path, Path(folder) / "r.db", own_domains=OWN, jobs=arguments.jobs)
        scoring = time.perf_counter() - started
    print(f"{arguments.mails:,} mails, {size / 1e6:.0f} MB; {counts}")
    print(f"mailbox alone {arguments.mails / parsing:,.0f} mails/s; scored {arguments.mails / scoring:,.0f} mails/s")
    print(f"ratio {parsing / scoring:.3f}")
    get_reusable_executor().shutdown(wait=True)
    for who, usage in (("this process", resource.RUSAGE_SELF), ("the largest worker", resource.RUSAGE_CHILDREN)):
        print(f"peak memory of {who} {resource.getrusage(usage).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
