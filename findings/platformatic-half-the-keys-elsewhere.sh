#!/usr/bin/env bash
# Package: @platformatic/kafka 1.35.0 (npm), Node 20.
#
# Its default partitioner reads murmur2 as an unsigned number. Java's client drops the sign bit
# instead. 2^31 modulo 12 is 8, so every key whose hash has the sign bit goes to another partition.
# `compatibilityPartitioner` agrees with Java. It also replaces the turn-taking of records without a
# key, which the default does outside of the partitioner: all of them then get partition 0.
#
# Expected, since the package's murmur2 is a port of Java's: the same partitions as Java by default,
# and records without a key spread as before when only the hash is chosen.
#
# Seen:
#   default: 459 of 1000 keys elsewhere
#   compatibilityPartitioner: 0 of 1000 keys elsewhere, no key: 0
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @platformatic/kafka@1.35.0 >/dev/null
cat >run.mjs <<'JS'
import assert from 'node:assert'
import { compatibilityPartitioner, defaultPartitioner } from '@platformatic/kafka'

// Java: Utils.murmur2 and Utils.toPositive, written anew with 32-bit integers.
function java (key) {
  const m = 0x5bd1e995
  let h = 0x9747b28c ^ key.length
  const whole = key.length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(key.readInt32LE(i), m)
    k = Math.imul(k ^ (k >>> 24), m)
    h = Math.imul(h, m) ^ k
  }
  for (let i = key.length - 1; i >= whole; i--) h ^= key[i] << (8 * (i - whole))
  if (key.length > whole) h = Math.imul(h, m)
  h = Math.imul(h ^ (h >>> 13), m)
  return (h ^ (h >>> 15)) & 0x7fffffff
}
assert.equal(java(Buffer.from('foobar')), -790332482 & 0x7fffffff) // from Kafka's own UtilsTest

const keys = Array.from({ length: 1000 }, (_, i) => Buffer.from(`key-${i}`))
const elsewhere = f => keys.filter(key => f({}, key) % 12 !== java(key) % 12).length
const [byDefault, compatible] = [elsewhere(defaultPartitioner), elsewhere(compatibilityPartitioner)]
const keyless = compatibilityPartitioner({}, undefined)
console.log(`default: ${byDefault} of 1000 keys elsewhere`)
console.log(`compatibilityPartitioner: ${compatible} of 1000 keys elsewhere, no key: ${keyless}`)
assert(byDefault > 400)
assert.equal(compatible, 0)
assert.equal(keyless, 0)
JS
node run.mjs
