"""The servers that are measured, one file each. All have the same methods: `kill`, `remove`, `stored`, `syncs`, `wal_bytes`.
`redis.py` is none of them, but what one of them needs."""
