"""Campaigns in every state, as pictures, accessibility and layout are judged by."""

from .bench import accounts

KINDS = ["missing", "err-90048", "err-70169", "err-20003", "err-20004", "err-20005"]
# The six of the pictures, and those that are judged beside them.
VIEWS = {
    "overview": "#/",
    "campaigns": "#/campaigns",
    "completed": "#/campaigns/{completed}?status=failed&code=70107",
    "running": "#/campaigns/{running}?status=failed",
    "new": "#/new",
}
CONFIGURATION = (
    "limits:\n  messagesPerMinute: 6000000\n  callsPerSecond: 2000\n"
    "retry:\n  baseSeconds: 0.05\n  capSeconds: 0.1\n  maxAttempts: 2\n"
)


def fill(bench) -> dict[str, str]:
    """Makes the campaigns and returns their ids."""
    failing = [f"{kind}-{number}" for kind in KINDS for number in range(3 + len(kind))]
    ids = {
        "completed": bench.campaign(accounts(12_000) + failing, name="Singles' Day 双十一"),
        "halted": "",
        "draft": bench.campaign(accounts(40), name="Winter sale", start=False),
        "scheduled": bench.campaign(accounts(40), name="New year", start_at="2031-01-01T00:00:00Z"),
    }
    bench.over(ids["completed"])
    bench.faults(fail={"code": 80001, "calls": 1})
    ids["halted"] = bench.campaign(accounts(700), name="Big notice")
    bench.until(ids["halted"], "halted")
    # A quarter of an hour's work, which is more than any module of tests takes.
    ids["running"] = bench.campaign(
        accounts(3_000) + accounts(4, "missing"), name="Spring in Shanghai", messages_per_minute=200
    )
    paused = bench.campaign(accounts(400), name="Paused one", messages_per_minute=1)
    bench.wait_for(lambda: bench.shown(paused)["counts"]["sent"], "the first one")
    bench.act(paused, "pause")
    bench.wait_for(lambda: bench.shown(ids["running"])["counts"]["sent"], "somebody to be sent")
    return ids | {"paused": paused}
