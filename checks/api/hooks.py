"""A key of a request is a name for that one request: made-up requests get names of their own."""

import re
import uuid

import schemathesis

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    # A key that is meant to be refused is left as it is.
    if re.fullmatch(r"[!#-~]{1,255}", str(headers.get(KEY, ""))):
        headers[KEY] = str(uuid.uuid4())
