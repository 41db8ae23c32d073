import pytest

from tests.lab.rehearsal import rehearse

pytestmark = pytest.mark.lab
def test_dbg(tmp_path, address_slot=61):
    with rehearse(tmp_path, 61, "musterbau") as r:
        done = r.heft("weekly", "musterbau", "--check")
        print(done.stdout[-9000:]); print(done.stderr[-3000:])
        done = r.heft("weekly", "musterbau")
        print(done.stdout[-12000:]); print(done.stderr[-3000:])
