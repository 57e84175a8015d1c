"""A listener of a test's own, and a thread for each connection. Runs in: the lab."""
import socket
import threading


def serve_each(listener, serve):
    """A thread that accepts, until `listener` is closed, and one for each connection, which it hands to `serve`."""
    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def end_listening(listener):
    listener.shutdown(socket.SHUT_RDWR)  # closing would leave accept() waiting
    listener.close()
