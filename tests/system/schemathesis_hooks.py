"""Teaches schemathesis to send a mail as the body of a request."""

import schemathesis


@schemathesis.serializer("message/rfc822")
def mail(ctx, value):
    # Whatever octets come are a mail. What is no text is sent as none, which is refused.
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
