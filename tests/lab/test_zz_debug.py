import pytest

from tests.lab.rehearsal import rehearse

pytestmark = pytest.mark.lab


def test_dbg(tmp_path, address_slot=61):
    with rehearse(tmp_path, 61, "musterbau") as r:
        done = r.line("-vvv", "--limit", "mb-pc-05", HEFT_DEBUG="1")
        print(done.stdout[-12000:])
        print(done.stderr[-3000:])
