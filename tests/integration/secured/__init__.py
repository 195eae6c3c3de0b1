"""The four services on a cluster that asks who one is."""
