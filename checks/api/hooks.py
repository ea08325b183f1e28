"""What schemathesis cannot know: a key of a request is a name for that one request, and a cart opens to the token that came with it."""

import os
import re
import uuid
from urllib.parse import unquote

import schemathesis

KEY = "Idempotency-Key"
TAG = "If-Match"
AUTH = "Authorization"

# What the description says of a coupon's code.
CODE = re.compile(r"[^\x00-\x20\x7f-\xa0]{1,256}")

# The tokens of the carts that were opened in this run.
tokens = {}


def token_of(case):
    return tokens.get((case.path_parameters or {}).get("cart"), os.environ["TOKEN"])


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    # In sequences of requests schemathesis makes up codes, for requests that are meant to be right, which its own reading of the pattern refuses.
    code = (case.path_parameters or {}).get("code")
    meant_right = case.meta is not None and case.meta.generation.mode.is_positive
    if code is not None and meant_right and not CODE.fullmatch(unquote(str(code))):
        case.path_parameters["code"] = "TEN"
    # The cart may have become another one since the token was chosen. A request that is meant to lack a token, or to have a wrong one, is left as it is.
    right = {f"Bearer {token}" for token in (os.environ["TOKEN"], *tokens.values())}
    if headers.get(AUTH) in right:
        headers[AUTH] = f"Bearer {token_of(case)}"
    # A key that is meant to be refused is left as it is.
    if re.fullmatch(r'[!#-~]{1,255}|"[!#-~]{1,255}"', str(headers.get(KEY, ""))):
        headers[KEY] = str(uuid.uuid4())
    # Schemathesis takes the quotes of an entity tag for JSON's, and sends what is between them.
    if re.fullmatch(r"(0|[1-9][0-9]{0,15})(-[0-9a-f]{8})?", str(headers.get(TAG, ""))):
        headers[TAG] = f'"{headers[TAG]}"'


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        return token_of(case)

    def set(self, case, token, context):
        case.headers = {**(case.headers or {}), AUTH: f"Bearer {token}"}


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.label == "POST /carts" and response.status_code == 201:
        opened = response.json()
        tokens[opened["cart"]] = opened["token"]
