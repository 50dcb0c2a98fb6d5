"""What the stand-in says itself, and what it changes in moto's answers. Amazon's EC2 speaks forms and XML."""

import re
from xml.etree import ElementTree as ET

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
LISTS = {
    "DescribeInstances": "reservationSet",
    "DescribeSecurityGroups": "securityGroupInfo",
    "DescribeKeyPairs": "keySet",
}
PAGE_TWO = "the-second-page"

ET.register_namespace("", NAMESPACE)


def error(code: str, told: str = "") -> bytes:
    """An error as EC2 tells it."""
    return (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{told or 'The stand-in says so.'}</Message></Error>"
        "</Errors><RequestID>stand-in</RequestID></Response>"
    ).encode()


def done(action: str, inner: str = "<return>true</return>") -> bytes:
    """An answer without a list."""
    return f'<{action}Response xmlns="{NAMESPACE}">{inner}</{action}Response>'.encode()


def nothing(action: str, *, more: bool = False) -> bytes:
    """A list of nothing; with `more`, the first page of one."""
    token = f"<nextToken>{PAGE_TWO}</nextToken>" if more else ""
    return done(action, f"<{LISTS[action]}/>{token}")


def without(listed: bytes, hidden: set[str]) -> bytes:
    """A list of instances in which some are not."""
    root = ET.fromstring(listed)
    for reservations in root.findall(".//{*}reservationSet"):
        for reservation in list(reservations):
            if any(each.text in hidden for each in reservation.findall(".//{*}instanceId")):
                reservations.remove(reservation)
    return ET.tostring(root)


def instance_in(answer: bytes) -> str:
    """The id of the first instance that an answer tells of."""
    found = re.search(rb"<instanceId>(i-\w+)</instanceId>", answer)
    return found[1].decode() if found else ""


def in_state(answer: bytes, code: int, state: str) -> bytes:
    """The same answer, with the instance as it is now."""
    now = f"<instanceState><code>{code}</code><name>{state}</name></instanceState>".encode()
    return re.sub(rb"<instanceState>.*?</instanceState>", now, answer, flags=re.DOTALL)
