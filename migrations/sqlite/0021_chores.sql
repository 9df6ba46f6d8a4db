-- What an installation does for itself at set times. Any node may take one that is due; it is done once for all of them.
create table chores (
    name        text    not null primary key,
    -- At which times, as schedules have it.
    pace        text    not null,
    enabled     integer not null check (enabled in (0, 1)),
    -- When it is due.
    next_at     integer not null,
    -- Who asked for it ahead of its time, until somebody begins.
    asked_by    text,
    -- How many times it was begun: whoever does it writes of it only while this is the number they began with.
    run         integer not null,
    -- How many times in a row it failed.
    failures    integer not null,
    -- Who does it, and until when nobody else takes it, by the database's clock.
    node_id     blob,
    host        text,
    since       integer,
    begun_for   text,
    lease_until integer,
    -- How it went last.
    last_node   blob,
    last_host   text,
    last_began  integer,
    last_ended  integer,
    last_for    text,
    last_count  integer,
    last_error  text
) strict, without rowid;
