#!/usr/bin/env bash
# Package: SecantusDB 0.6.0b17 (PyPI), its native server; pymongo 4.17.0 as the client.
#
# Killed before its first checkpoint, the server replays its oplog at the next start. The indexes
# come back under their names, but sparse ones come back dense. A program that asks for its index
# again at start, as MongoDB allows, is then refused: "already exists with different options".
#
# Expected, since documents and indexes come back: the indexes with their options.
#
# Seen:
#   before: sparse True
#   after kill -9: documents 2, sparse None
#   asked for again: refused with code 85
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill -9 $(cat "$folder"/server.pid 2>/dev/null) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv v
v/bin/pip install --quiet SecantusDB==0.6.0b17 pymongo==4.17.0
server=$(find v -path '*secantusdb.scripts/secantusd-rs' | head -1)
port=$(v/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
touch empty.toml
start() {
  "$server" --config empty.toml --host 127.0.0.1 --port "$port" --storage-path data \
    --sync-on-commit --data-nonlogged --checkpoint-seconds 600 >>server.log 2>&1 &
  echo $! >server.pid
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.2; done
}
start
v/bin/python - "$port" <<'PY'
import sys
from pymongo import MongoClient
c = MongoClient(f"mongodb://127.0.0.1:{sys.argv[1]}/?directConnection=true").a.b
c.create_index([("at", 1)], sparse=True)
c.insert_many([{"_id": 1, "at": 1}, {"_id": 2}])
sparse = c.index_information()["at_1"].get("sparse")
print(f"before: sparse {sparse}")
assert sparse is True
PY
kill -9 "$(cat server.pid)"
wait "$(cat server.pid)" 2>/dev/null || true
start
v/bin/python - "$port" <<'PY'
import sys
from pymongo import MongoClient
from pymongo.errors import OperationFailure
c = MongoClient(f"mongodb://127.0.0.1:{sys.argv[1]}/?directConnection=true").a.b
sparse = c.index_information()["at_1"].get("sparse")
print(f"after kill -9: documents {c.count_documents({})}, sparse {sparse}")
assert c.count_documents({}) == 2 and not sparse
try:
    c.create_index([("at", 1)], sparse=True)
except OperationFailure as error:
    print(f"asked for again: refused with code {error.code}")
    assert error.code == 85
else:
    raise SystemExit("asked for again: taken")
PY
