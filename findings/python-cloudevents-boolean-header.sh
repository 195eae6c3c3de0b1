#!/usr/bin/env bash
# Package: cloudevents 2.2.0 (PyPI), module cloudevents.core, Kafka binding.
#
# CloudEvents writes a Boolean as `true` or `false`. In binary mode the core module writes Python's
# spelling, `True`. Reading it back gives the text 'True', so 'False' is true to an `if`.
# Structured mode writes JSON's true.
#
# Expected: `true`, as the specification's canonical form and the SDKs for Java and Go have it.
#
# Seen:
#   binary ce_flag: b'False', read back: 'False'
#   structured: "flag": false
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cloudevents==2.2.0
"$folder/venv/bin/python" - <<'PY'
from cloudevents.core.bindings import kafka
from cloudevents.core.v1.event import CloudEvent

event = CloudEvent(
    {"specversion": "1.0", "id": "1", "source": "urn:a", "type": "t", "flag": False}, {"a": 1}
)
binary = kafka.to_binary_event(event)
back = kafka.from_binary_event(binary).get_attributes()["flag"]
structured = kafka.to_structured_event(event)
print(f"binary ce_flag: {binary.headers['ce_flag']!r}, read back: {back!r}")
print('structured: "flag": false' if b'"flag": false' in structured.value else structured.value)
assert binary.headers["ce_flag"] == b"False"
assert back == "False"
assert b'"flag": false' in structured.value
PY
