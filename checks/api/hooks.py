"""What schemathesis cannot know: a key of a request is a name for that one request, and a cart opens to the token that came with it."""

import os
import re
import uuid

import schemathesis

KEY = "Idempotency-Key"
TAG = "If-Match"

# The tokens of the carts that were opened in this run.
tokens = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    # A key that is meant to be refused is left as it is.
    if re.fullmatch(r'[!#-~]{1,255}|"[!#-~]{1,255}"', str(headers.get(KEY, ""))):
        headers[KEY] = str(uuid.uuid4())
    # Schemathesis takes the quotes of an entity tag for JSON's, and sends what is between them.
    if re.fullmatch(r"0|[1-9][0-9]{0,15}", str(headers.get(TAG, ""))):
        headers[TAG] = f'"{headers[TAG]}"'


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        return tokens.get((case.path_parameters or {}).get("cart"), os.environ["TOKEN"])

    def set(self, case, token, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.label == "POST /carts" and response.status_code == 201:
        opened = response.json()
        tokens[opened["cart"]] = opened["token"]
