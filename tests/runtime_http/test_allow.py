"""Where webhooks may go, and the tricks by which a URL seems to lead somewhere else."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from ivrsim.errors import HostNotAllowed, InputError
from ivrsim.runtime.allow import HostPolicy, InvalidUrl, is_loopback, web_url

LOCAL = HostPolicy(None, ())


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST", "localhost.", "app.localhost", "127.0.0.1", "127.9.9.9"),
        *("[::1]", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("[fd00::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]"),
        *("①②⑦.⓪.⓪.①", "user:password@localhost"),
    ],
)
def test_local_and_private_is_fine(host):
    LOCAL.check(f"http://{host}:5000/vca?x=1")
    LOCAL.check(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("example.com", "EXAMPLE.com.", "8.8.8.8", "[2001:db8::1]", "[::ffff:8.8.8.8]"),
        *("172.15.0.1", "172.32.0.1", "192.169.0.1", "100.64.0.1", "192.0.2.1", "app.local"),
        *("127.0.0.1@example.com", "localhost.example.com", "notlocalhost", "127.0.0.1.nip.io"),
        *("host.docker.internal", "bücher.de", "localhost:80@example.com", "ivr-app"),
    ],
)
def test_anything_else_needs_allow(host):
    url = f"http://{host}/event"
    with pytest.raises(HostNotAllowed) as caught:
        LOCAL.check(url)
    line = str(caught.value)
    assert "\n" not in line
    advised = line.rpartition("--allow ")[2]
    HostPolicy(None, [advised]).check(url)
    HostPolicy(None, ["*"]).check(url)
    HostPolicy(url, ()).check(f"https://{host.rpartition('@')[2].upper()}:8443/other")


@pytest.mark.parametrize(
    "url",
    [
        *("", "http://", "http:///x", "http:/x", "http:localhost", "localhost:5000/x", "/x"),
        *("ftp://localhost/", "file:///etc/passwd", "javascript:alert(1)", "http://[::1"),
        *("http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/"),
        *("http://134744072/", "http://8.8.8.8./", "http://０x7f.1/"),
        *("http://localhost:99999/", "http://localhost:x/", "http://a..b/", "http://a b/"),
        *(
            "http://local\nhost/",
            "http://localhost/\r\nX: y",
            "http://localhost/\x00",
            "\thttp://a",
        ),
        *("http://example.com\\@localhost/", "http://ex%61mple.com/", "http://\x9b31m/"),
        "http://localhost\u2028/",
    ],
)
def test_what_is_no_plain_web_url_is_refused_even_when_all_is_allowed(url):
    with pytest.raises(InvalidUrl) as caught:
        HostPolicy(None, ["*"]).check(url)
    assert str(caught.value).isprintable()


def test_a_hint_for_the_forgotten_scheme():
    with pytest.raises(InvalidUrl, match=r"did you mean http://localhost:5000/x\?"):
        LOCAL.check("localhost:5000/x")


def test_an_odd_address_is_named_plainly():
    with pytest.raises(InvalidUrl, match=r"write the address plainly: 127\.0\.0\.1"):
        LOCAL.check("http://2130706433/")


def test_globs():
    policy = HostPolicy(None, ["*.Example.com", "api?.test.", "[2001:DB8:0::1]"])
    policy.check("http://a.example.com/")
    policy.check("http://a.b.example.com./")
    policy.check("http://api1.test/")
    policy.check("http://[2001:db8::1]/")
    for host in ("example.com", "badexample.com", "a.example.com.evil.org", "api.test"):
        with pytest.raises(HostNotAllowed):
            policy.check(f"http://{host}/")


def test_the_targets_own_host_at_any_port():
    policy = HostPolicy("https://App.example.com:8443/vca", ())
    policy.check("http://app.EXAMPLE.com./events")
    with pytest.raises(HostNotAllowed):
        policy.check("http://other.example.com/")


@pytest.mark.parametrize("value", ["", "http://example.com", "example.com:80", "a b", "x@y"])
def test_allow_takes_hosts(value):
    with pytest.raises(InputError, match="--allow"):
        HostPolicy(None, [value])


pieces = st.sampled_from(
    [
        *("http", "https", "://", "//", "127.0.0.1", "localhost", "evil.com", "2130706433"),
        *("0x7f.1", "::1", "ffff", "ⓛocalhost", "%00", "xn--", "\u202e", "é", "1", "a"),
        *"/:@?#[]%.\\ \t\n",
    ]
)


@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=40))
def test_nothing_passes_that_the_client_would_send_elsewhere(url):
    """Whatever passes is a name of this machine or a private address for the client's parser."""
    try:
        LOCAL.check(url)
    except (HostNotAllowed, InvalidUrl) as caught:
        error = caught
    else:
        error = None
    if error is not None:
        assert str(error).isprintable()
        return
    parsed = URL(url)
    host = parsed.raw_host or ""
    assert parsed.scheme in ("http", "https")
    assert web_url(url) == parsed
    if not is_loopback(host):
        assert ipaddress.ip_address(host).is_private


@given(st.ip_addresses())
def test_addresses_pass_only_if_private(address):
    host = f"[{address}]" if address.version == 6 else str(address)
    try:
        LOCAL.check(f"http://{host}/")
    except HostNotAllowed:
        return
    plain = getattr(address, "ipv4_mapped", None) or address
    assert plain.is_private
