from __future__ import annotations

import pytest

from ivrsim.trace import mask_headers, mask_url


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("Authorization", "Bearer eyJ.a.b", "Bearer •••"),
        ("AUTHORIZATION", "Basic dTpw", "Basic •••"),
        ("authorization", "my own secret", "•••"),
        ("Authorization", "Bearer", "•••"),
        ("Cookie", "session=1", "•••"),
        ("Set-Cookie", "session=1; Path=/", "•••"),
        ("X-Api-Key", "k", "•••"),
        ("X-Nexmo-Signature", "s", "•••"),
        ("Content-Type", "application/json", "application/json"),
    ],
)
def test_headers(name: str, value: str, masked: str) -> None:
    assert mask_headers({name: value}) == {name: masked}


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://u:p@ss@host/x", "http://u:•••@host/x"),
        ("http://host/a@b?to=1&sig=abc&from=2", "http://host/a@b?to=1&sig=•••&from=2"),
        ("http://host/?api_secret=a;token=b#access_token=c",
         "http://host/?api_secret=•••;token=•••#access_token=•••"),
        ("http://host/?%61pi_key=a", "http://host/?%61pi_key=•••"),
        ("http://[bad?API_KEY=1", "http://[bad?API_KEY=•••"),
        ("http://127.0.0.1:5000/vca?digits=1&key=5", "http://127.0.0.1:5000/vca?digits=1&key=5"),
    ],
)  # fmt: skip
def test_urls(url: str, masked: str) -> None:
    assert mask_url(url) == masked
