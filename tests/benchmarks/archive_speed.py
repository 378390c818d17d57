"""How fast an archive is scored, as a ratio to the standard library only parsing it.

``python -m tests.benchmarks.archive_speed --mails 10000`` writes an mbox of the sample mails over and over, each with its
own id and date, parses it with `mailbox` on one core, scores it, and prints rates, their ratio and the peak memory
of the reading process. Not a test: machines are noisy.
"""

import argparse
import mailbox
import re
import resource
import tempfile
import time
from pathlib import Path

from kahara_nlp.archive import score_archive

INBOX = Path(__file__).resolve().parents[2] / "data" / "samples" / "inbox.mbox"


def write_archive(path: Path, mails: int) -> int:
    """Repeat the sample mails with ids of their own."""
    samples = re.split(rb"(?m)^(?=From [^\n]* \d{4}$)", INBOX.read_bytes())[1:]
    with path.open("wb") as handle:
        for number in range(mails):
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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.mbox"
        size = write_archive(path, arguments.mails)
        parsing = parse_with_mailbox(path)
        started = time.perf_counter()
        counts = score_archive(path, Path(folder) / "r.db", own_domains={"kumiai.example"}, jobs=arguments.jobs)
        scoring = time.perf_counter() - started
        print(f"{arguments.mails:,} mails, {size / 1e6:.0f} MB; {counts}")
        print(
            f"mailbox alone {arguments.mails / parsing:,.0f} mails/s; scored {arguments.mails / scoring:,.0f} mails/s"
        )
        print(f"ratio {parsing / scoring:.3f}")
        print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
