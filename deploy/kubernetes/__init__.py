"""Manifests for a cluster: what `base/` holds, derived from the contract and written out.

`python -m deploy.kubernetes` writes `base/` anew; a test fails while it differs.
"""
