"""What Tests/Acceptance/conformance changes about the requests that schemathesis makes."""

import itertools

import schemathesis

numbers = itertools.count(1)
NAME, MOST_BYTES = "Idempotency-Key", 255


@schemathesis.hook
def before_call(context, case, kwargs):
    """Gives the requests of a story an Idempotency-Key of their own.

    The same key and body again is answered as the first time, with a campaign that may have been
    deleted since: that is the promise, but the tool, which then goes on with the campaign, takes it
    for one that was just made. Keys that are to be refused stay as they are.
    """
    if case.meta is None or case.meta.phase.name.value != "stateful":
        return
    key = (case.headers or {}).get(NAME)
    mark = f"-{next(numbers)}"
    if isinstance(key, str) and 0 < len(key.encode()) <= MOST_BYTES - len(mark):
        case.headers[NAME] = key + mark
