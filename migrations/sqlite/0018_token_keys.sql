-- The keys that sign tokens after the first one, which stays in `settings` until its successor has taken over. Which one
-- signs, and which are published, follows from the times alone.

create table token_keys (
    id         blob not null primary key,
    created_at integer not null,
    signs_from integer not null,
    sealed     blob not null
) strict, without rowid;
