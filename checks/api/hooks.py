"""A key of a request is a name for that one request: made-up requests get names of their own."""

import re
import uuid

import schemathesis

KEY = "Idempotency-Key"
TAG = "If-Match"


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    # A key that is meant to be refused is left as it is.
    if re.fullmatch(r'[!#-~]{1,255}|"[!#-~]{1,255}"', str(headers.get(KEY, ""))):
        headers[KEY] = str(uuid.uuid4())
    # Schemathesis takes the quotes of an entity tag for JSON's, and sends what is between them.
    if re.fullmatch(r"0|[1-9][0-9]{0,15}", str(headers.get(TAG, ""))):
        headers[TAG] = f'"{headers[TAG]}"'
