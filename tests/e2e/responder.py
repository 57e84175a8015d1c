"""sallyport-respond run by itself: by hand, in a pipe, on a terminal, and as ssh runs its askpass program."""
import os
import pathlib
import pty
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("SALLYPORT_BIN", ROOT / "build/dev/bin")) / "sallyport-respond"


def environment(home, **more):
    return {"HOME": str(home), "PATH": os.environ["PATH"], **more}


def run(home, *arguments, stdin="", **more):
    return subprocess.run([PROGRAM, *arguments], env=environment(home, **more), input=stdin, text=True,
                          capture_output=True, timeout=20, start_new_session=True)


def on_terminal(home, arguments, typed, output=None, **more):
    """Runs it on a terminal of its own and types at each prompt the next of `typed` (or the one text): exit status,
    what the screen showed."""
    lines = [typed] if isinstance(typed, bytes) else list(typed)
    pid, terminal = pty.fork()
    if pid == 0:
        if output is not None:
            os.dup2(output, 1)
        os.execve(PROGRAM, [str(PROGRAM), *arguments], environment(home, **more))
    screen, seen, status = b"", 0, None
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        screen += data
        if lines and screen[seen:].endswith((b": ", b"? ", b") ")):
            os.write(terminal, lines.pop(0))
            seen = len(screen)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), screen.decode()


def as_askpass(home, prompt, typed=b"", **more):
    """As ssh does: the prompt as the one argument, standard output a pipe, a terminal behind it."""
    read, write = os.pipe()
    status, screen = on_terminal(home, [prompt], typed, output=write, SSH_ASKPASS="sallyport-respond", **more)
    os.close(write)
    with os.fdopen(read) as pipe:
        return status, pipe.read(), screen
