"""The link graph is the trust map: who links what, and how each program is hardened. .ci/run holds to this what a site runs,
too: a sanitized program is at fixed addresses (cmake/SallyportFlags.cmake)."""
import os
import subprocess

import pytest
from conftest import programs

NEVER = {
    "sallyport-ssh": ("libre2", "libzstd", "libnftnl", "libmnl", "libpam", "libnetfilter_conntrack"),
    "sallyport-https": ("libre2", "libzstd", "libssh", "libnftnl", "libmnl", "libpam", "libnetfilter_conntrack"),
    "sallyportd": ("libre2", "libzstd", "libssh", "libssl", "libpam"),
    "sallyport-auth": ("libre2", "libzstd", "libssh", "libssl", "libnftnl", "libmnl", "libnetfilter_conntrack"),
    "sallyport-respond": ("libssh", "libpam", "libnftnl", "libmnl", "libnetfilter_conntrack"),
    "sallyport-send": ("libre2", "libzstd", "libssh", "libpam", "libnftnl", "libmnl", "libnetfilter_conntrack"),
    "sallyport-metrics": ("libre2", "libzstd", "libssh", "libssl", "libpam", "libnftnl", "libmnl", "libnetfilter_conntrack"),
    "sallyport": ("libpam", "libnftnl", "libmnl", "libnetfilter_conntrack"),
}


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, os.path.join(programs(), program)], check=True, text=True,
                          capture_output=True).stdout


def linked(program):
    return [line.split("[")[1].rstrip("]") for line in readelf("-d", program).splitlines() if "(NEEDED)" in line]


@pytest.mark.parametrize("program", NEVER)
def test_a_program_does_not_link_what_it_is_not_trusted_with(program):
    needed = linked(program)
    for library in NEVER[program]:
        assert not [name for name in needed if name.startswith(library + ".so")], needed


@pytest.mark.parametrize("program", NEVER)
def test_a_program_is_position_independent_and_bound_at_start(program):
    assert "DYN" in readelf("-h", program) or "__asan_init" in readelf("--dyn-syms", program)
    assert "BIND_NOW" in readelf("-d", program) or "NOW" in readelf("-d", program)
    headers = readelf("-l", program)
    assert "GNU_RELRO" in headers
    stack = next(line for line in headers.splitlines() if "GNU_STACK" in line)
    assert "RWE" not in stack
