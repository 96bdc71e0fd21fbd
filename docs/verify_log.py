#!/usr/bin/env python3
"""Verifies an exported audit log without the system that wrote it: standard library only.

    yedang audit log --last 0 --json > log.json
    python3 verify_log.py log.json [NUMBER HASH]

NUMBER and HASH are the head of the log as printed at the end of a book 册: with them the script also proves that
history up to that book has not been rewritten since it left the printer. HASH may be shortened as on paper
(its first and last digits with anything between). Exit status 0: the log holds; 1: it does not; 2: bad usage.

Each entry's hash is SHA-256 over number, time, actor, verb, subject, details and the previous entry's hash, each
followed by a line feed, in UTF-8. The first entry follows sixty-four zeros.
"""

import hashlib
import json
import re
import sys

FIELDS = ("seq", "at", "actor", "verb", "subject", "details", "previous")


def first_fault(entries):
    """The first entry that does not hold, and why; None when the whole chain does."""
    number, previous = 1, "0" * 64
    for entry in entries:
        digest = hashlib.sha256("".join(f"{entry[field]}\n" for field in FIELDS).encode()).hexdigest()
        if entry["seq"] != number:
            return f"entry {number} is missing / 第 {number} 条缺失"
        if entry["previous"] != previous:
            return f"entry {number} does not follow the one before / 第 {number} 条与前一条不相连"
        if entry["hash"] != digest:
            return f"entry {number} has been altered / 第 {number} 条内容被改动"
        number, previous = number + 1, digest
    return None


def differs_from_paper(entries, number, printed):
    """Why the log is not the one whose head a book bears; None when it is."""
    found = [entry["hash"] for entry in entries if entry["seq"] == number]
    if not found:
        return f"the log ends before entry {number} of the book / 日志没有册上所印的第 {number} 条"
    parts = re.findall("[0-9a-f]+", printed.lower())
    if not parts or len("".join(parts)) < 16:
        return f"too few digits of the hash: {printed} / 摘要位数不足"
    if found[0].startswith(parts[0]) and found[0].endswith(parts[-1]):
        return None
    return f"entry {number} is not the one the book bears / 第 {number} 条与册上所印不符"


def main(arguments):
    if len(arguments) not in (1, 3):
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        entries = json.load(file)["entries"]
    fault = first_fault(entries)
    if fault is None and len(arguments) == 3:
        fault = differs_from_paper(entries, int(arguments[1]), arguments[2])
    if fault:
        print(fault)
        return 1
    print(f"{len(entries)} entries hold / 日志完整,共 {len(entries)} 条")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
