"""Many logins from many addresses, so that nobody waits for an earlier one's penalty. Runs in: the lab."""
import queue
import socket
import threading
from contextlib import contextmanager

from lab import network
from raw_ssh import Wire, in_namespace

# One source fails at most twice without a penalty.
SOURCES = [f"192.0.2.{number}" for number in range(30, 250) if number != 77]


@contextmanager
def many_addresses():
    network.ip([f"address add {address}/24 dev wan0" for address in SOURCES], "rep")
    yield SOURCES
    network.ip([f"address del {address}/24 dev wan0" for address in SOURCES], "rep")


def wire_from(address):
    """A connection with keys exchanged and userauth asked for."""
    peer = in_namespace("rep", socket.socket)
    peer.settimeout(10)
    peer.bind((address, 0))
    peer.connect((network.GATE4, 22))
    return Wire(peer).shake_hands().ask_for_userauth()


def all_done(work, act, at_once=4):
    """act(item) for every item, some at once; what each returned, in no order. The first failure is the test's."""
    items, results, failures = queue.Queue(), [], []
    for item in work:
        items.put(item)

    def worker():
        while not failures:
            try:
                item = items.get_nowait()
            except queue.Empty:
                return
            try:
                results.append(act(item))
            except BaseException as error:  # else it would be lost with its thread
                failures.append(error)

    threads = [threading.Thread(target=worker) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
