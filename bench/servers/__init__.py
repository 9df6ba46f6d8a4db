"""The servers that are measured, one file each. All have the same methods: `kill`, `remove`, `stored`, `syncs`, `wal_bytes`."""
