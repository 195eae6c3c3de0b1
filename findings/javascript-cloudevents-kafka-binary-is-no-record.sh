#!/usr/bin/env bash
# Packages: cloudevents 10.0.0 and kafkajs 2.2.4 (npm), Node 20.
#
# `Kafka.binary(event)` of the SDK returns key, value and headers, the names that kafkajs takes. But
# its headers hold three that are `undefined`, extensions keep their JavaScript type (a boolean), the
# value is an object, and `ce_datacontenttype` stands beside `content-type`, where the Kafka binding
# of CloudEvents has only the latter. kafkajs encodes neither value nor headers.
# `Kafka.structured(event)` is a record as it stands.
#
# Expected: what `Kafka.binary` returns can be sent by a Kafka client.
#
# Seen:
#   binary: value object, undefined headers: ce_datacontentencoding ce_dataschema ce_schemaurl, ce_flag boolean, ce_datacontenttype application/json
#   kafkajs, binary as it is: TypeError
#   kafkajs, binary with the value as text: TypeError
#   kafkajs, structured: encoded
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0 kafkajs@2.2.4 >/dev/null
cat >run.cjs <<'JS'
const assert = require('node:assert')
const { CloudEvent, Kafka } = require('cloudevents')
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0')

const event = new CloudEvent({
  id: '1', source: 'urn:a', type: 't', subject: 's', datacontenttype: 'application/json', flag: true, data: { a: 1 }
})
const binary = Kafka.binary(event)
const missing = Object.keys(binary.headers).filter(name => binary.headers[name] === undefined).sort()
console.log(`binary: value ${typeof binary.value}, undefined headers: ${missing.join(' ')}, ` +
  `ce_flag ${typeof binary.headers.ce_flag}, ce_datacontenttype ${binary.headers.ce_datacontenttype}`)

function encoded (name, message) {
  try {
    encodeRecord({ key: message.key, value: message.value, headers: message.headers })
    console.log(`kafkajs, ${name}: encoded`)
    return true
  } catch (error) {
    console.log(`kafkajs, ${name}: ${error.name}`)
    return false
  }
}
const results = [
  encoded('binary as it is', binary),
  encoded('binary with the value as text', { ...binary, value: JSON.stringify(binary.value) }),
  encoded('structured', Kafka.structured(event))
]
assert.deepEqual(results, [false, false, true])
assert.deepEqual(missing, ['ce_datacontentencoding', 'ce_dataschema', 'ce_schemaurl'])
assert.equal(typeof binary.headers.ce_flag, 'boolean')
assert.equal(binary.headers.ce_datacontenttype, 'application/json')
JS
node run.cjs
