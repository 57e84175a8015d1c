"""A real rsyslog as the receiver of a test: RFC 5424 comes in over one input, the journal's lines go to a file.

Runs in: namespaces of the test's own.
"""
import signal
import subprocess


def tcp_input(port, driver=None):
    """TLS with rsyslog's driver `ossl` or `gtls`; plain TCP without."""
    tls = f'StreamDriver.Name="{driver}" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid"' if driver else ""
    return f'module(load="imtcp" {tls})\ninput(type="imtcp" address="127.0.0.1" port="{port}")\n'


def unix_input(path):
    return (f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" socket="{path}" useSpecialParser="off" '
            'parseHostname="on" rateLimit.Interval="0")\n')


def keys_in(folder, name):
    """What makes it take only whom the authority in `folder` vouches for, and shows it as `name`."""
    return (f'defaultNetstreamDriverCAFile="{folder}/ca.pem" defaultNetstreamDriverCertFile="{folder}/{name}.pem" '
            f'defaultNetstreamDriverKeyFile="{folder}/{name}.key"')


class Rsyslog:
    """`way` names its files in `folder`; `within` puts its command into a namespace."""

    def __init__(self, folder, way, source, keys="", within=lambda command: command):
        self.folder, self.way, self.within, self.process = folder, way, within, None
        self.file("work").mkdir(exist_ok=True)
        # By default messages have 8 KiB at most: less than a record may have.
        self.file("conf").write_text(
            f'global(workDirectory="{self.file("work")}" maxMessageSize="192k" {keys})\n'
            'template(name="line" type="string" string="%msg%\\n")\n' + source +
            f'*.* action(type="omfile" file="{self.file("out")}" template="line")\n')

    def file(self, what):
        return self.folder / f"{self.way}.{what}"

    def start(self):
        self.file("pid").unlink(missing_ok=True)
        with open(self.file("err"), "ab") as errors:
            command = ["/usr/sbin/rsyslogd", "-n", "-f", str(self.file("conf")), "-i", str(self.file("pid"))]
            self.process = subprocess.Popen(self.within(command), stderr=errors, stdin=subprocess.DEVNULL)
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(10)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)

    def lines(self):
        try:
            return [line.lstrip(b" ") for line in self.file("out").read_bytes().splitlines()]
        except FileNotFoundError:
            return []
