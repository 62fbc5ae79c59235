"""The agencies' callbacks: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import INCLUDE, Schema, fields, validate

MOST_REFERENCE = 200


class CallbackSchema(Schema):
    """What is read of the message: our folio, or the agency's own number; it may have more."""

    class Meta:
        unknown = INCLUDE

    example: ClassVar[dict[str, Any]] = {"folio": "E7K3M9QX2W5A"}

    folio = fields.String()
    reference = fields.String(
        validate=validate.Length(1, MOST_REFERENCE),
        metadata={"description": "What the agency itself calls it, where it has no folio of ours."},
    )


class CallbackHeaders(Schema):
    """The signature's headers, as in Standard Webhooks 1.0."""

    webhook_id = fields.String(
        data_key="webhook-id",
        required=True,
        validate=validate.Length(1, 128),
        metadata={"description": "The message's own; the same when it is sent again."},
    )
    webhook_timestamp = fields.String(
        data_key="webhook-timestamp",
        required=True,
        metadata={
            "description": "Seconds since 1970, at most five minutes from ours.",
            "pattern": "^[0-9]{1,12}$",
        },
    )
    webhook_signature = fields.String(
        data_key="webhook-signature",
        required=True,
        metadata={
            "description": "`v1,` and the base64 of the HMAC-SHA256; several, space between."
        },
    )
