"""The zygote ends with its grader, whatever that was doing."""

import socket
import threading

import pytest

from autograder.grading.forks import zygote


@pytest.mark.parametrize(
    "sent", [b"", (100).to_bytes(8, "big"), (100).to_bytes(8, "big") + b"half a request"]
)
def test_it_ends_when_the_grader_is_gone(monkeypatch, sent):
    monkeypatch.setattr(zygote.signal, "signal", lambda *_: None)  # this process stays as it is
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=zygote.serve, args=(theirs, None), daemon=True)
    serving.start()
    ours.sendall(sent)
    ours.close()
    serving.join(5)
    theirs.close()
    assert not serving.is_alive()
