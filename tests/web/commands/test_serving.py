"""The running office: it serves, says where, and ends cleanly with its worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).parent / "yedang")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def test_it_serves_beside_a_worker_and_both_end_on_a_signal(program: Any, home: Path) -> None:
    environment = {**os.environ, "YEDANG_HOME": str(home)}
    command = [PROGRAM, "serve", "--port", str(_free_port()), "--with-worker", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        url = json.loads("".join(serving.stdout.readline() for _ in range(3)))["url"]
        with urllib.request.urlopen(url) as answered:
            assert "业档" in answered.read().decode()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(timeout=60) == 0
    assert not _workers_of(serving.pid)


def _workers_of(pid: int) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        found += [" ".join(words)] if "--parent" in words and str(pid) in words else []
    return found


def test_a_taken_port_is_one_sentence(program: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = program("serve", "--port", taken.getsockname()[1])
    assert done.code == 1
    assert "--port" in done.err
