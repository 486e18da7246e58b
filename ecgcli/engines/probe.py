"""The tiny question: whether a server answers at all, and whether it keeps a schema.

It knows what to ask; it does not send anything. The schema allows one
word that is made up anew each time, and the question asks for another: only a server that forces
its model to keep the schema gives it. Servers ignore what they do not know, with HTTP 200 and free
text, so nothing less than such an answer is proof.
"""

from __future__ import annotations

import base64
import secrets
import string

from ecgcli.engines.question import ForeignError, Question, UnusableError, content

LETTERS = 10
# White, 64 by 64 pixels: less than a patch of some models is refused by them.
BLANK = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PMQ0AAAwDoPo33UrY"
    "vQQckD4XAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAYHLAMpT"
    "0sIcNbcEAAAAAElFTkSuQmCC"
)


def riddle(*, with_picture: bool = False) -> Question:
    """Return a question whose only answer an enforced schema brings about."""
    word = "".join(secrets.choice(string.ascii_lowercase) for _ in range(LETTERS))
    schema = {
        "type": "object",
        "properties": {"word": {"type": "string", "enum": [word]}},
        "required": ["word"],
        "additionalProperties": False,
    }
    return Question(
        system="",
        user="Say hello.",
        schema=schema,
        name="probe",
        picture=BLANK if with_picture else None,
        max_tokens=64,
    )


def is_reply(body: bytes) -> bool:
    """Say whether a server that sends this body is well, whatever its model says."""
    try:
        content(body)
    except UnusableError:
        return True
    except ForeignError:
        return False
    return True
