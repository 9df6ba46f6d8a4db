-- What an installation does for itself at set times. Any node may take one that is due; it is done once for all of them.
create table chores (
    name        text    not null primary key,
    -- At which times, as schedules have it.
    pace        text    not null,
    enabled     boolean not null,
    -- When it is due.
    next_at     bigint  not null,
    -- Who asked for it ahead of its time, until somebody begins.
    asked_by    text,
    -- How many times it was begun: whoever does it writes of it only while this is the number they began with.
    run         bigint  not null,
    -- How many times in a row it failed.
    failures    integer not null,
    -- Who does it, and until when nobody else takes it, by the database's clock.
    node_id     uuid,
    host        text,
    since       bigint,
    begun_for   text,
    lease_until bigint,
    -- How it went last.
    last_node   uuid,
    last_host   text,
    last_began  bigint,
    last_ended  bigint,
    last_for    text,
    last_count  bigint,
    last_error  text
);
