#!/usr/bin/env bash
# Package: cloudevents 2.2.0 (PyPI), module cloudevents.v1, Kafka binding.
#
# A structured record is recognised by the header `content-type: application/cloudevents+json`.
# `v1.kafka.to_structured` moves `datacontenttype` out of the event into that header, so the record
# says `application/json` and the event in it has lost the attribute. The core module of the same
# package does it right. A reader that chooses the mode by the header cannot know what it has.
#
# Expected: `application/cloudevents+json`, and `datacontenttype` within the event.
#
# Seen:
#   v1:   content-type b'application/json', datacontenttype within: False
#   core: content-type b'application/cloudevents+json', datacontenttype within: True
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cloudevents==2.2.0
"$folder/venv/bin/python" - <<'PY'
import json

from cloudevents.core.bindings import kafka as core
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import kafka as v1
from cloudevents.v1.http import CloudEvent as V1Event

ATTRIBUTES = {"id": "1", "source": "urn:a", "type": "t", "datacontenttype": "application/json"}
old = v1.to_structured(V1Event(dict(ATTRIBUTES), {"a": 1}))
new = core.to_structured_event(CloudEvent(ATTRIBUTES | {"specversion": "1.0"}, {"a": 1}))
seen = []
for name, message in (("v1:  ", old), ("core:", new)):
    seen.append((message.headers["content-type"], "datacontenttype" in json.loads(message.value)))
    print(f"{name} content-type {seen[-1][0]!r}, datacontenttype within: {seen[-1][1]}")
assert seen == [(b"application/json", False), (b"application/cloudevents+json", True)]
PY
