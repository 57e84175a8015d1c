"""Authorities and certificates of a test's own, made by the command openssl. Runs in: any test's process."""
import os
import subprocess

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def certificate(folder, name, subject, issuer="ca", days=2):
    """NAME.pem and NAME.key for whom `subject` says, e.g. "DNS:localhost,IP:127.0.0.1"."""
    key, request, extension = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.ext"
    extension.write_text(f"subjectAltName={subject}\n" if subject else "")
    openssl("req", *NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", request, "-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key",
            "-days", days, "-extfile", extension, "-out", folder / f"{name}.pem")
    os.chmod(key, 0o640)


def authority(folder, name):
    openssl("req", "-x509", *NEW_KEY, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-days", "2",
            "-subj", f"/CN={name}")


def of_a_receiver(folder):
    """An authority, a receiver at 127.0.0.1 and a gate. Returns what a [[send]] says of the gate's side."""
    authority(folder, "ca")
    certificate(folder, "siem", "IP:127.0.0.1")
    certificate(folder, "gate", "DNS:gate")
    return "".join(f'{key} = "{folder}/{file}"\n'
                   for key, file in (("ca", "ca.pem"), ("certificate", "gate.pem"), ("key", "gate.key")))
