-- The keys that sign tokens after the first one, which stays in `settings` until its successor has taken over. Which one
-- signs, and which are published, follows from the times alone.

create table token_keys (
    id         uuid not null primary key,
    created_at bigint not null,
    signs_from bigint not null,
    sealed     bytea not null
);
