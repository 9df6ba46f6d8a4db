-- What people configure, and who may sign in.
-- All tables are strict: SQLite then refuses a value of the wrong type as PostgreSQL does. Ids are the 16 bytes
-- of a UUID, times are microseconds since 1970 in UTC and always come from the program.

create table tenants (
    id         blob    not null primary key,
    slug       text    not null unique,
    name       text    not null,
    created_at integer not null
) strict, without rowid;

-- The tenant that exists from the start; its id is the same in every installation.
insert into tenants (id, slug, name, created_at)
values (x'00000000000070008000000000000001', 'default', 'Default', 0);

-- One row, counted up by every change to the configuration, so that nodes need to read only this number.
create table config_version (
    only_row integer not null primary key default 1 check (only_row = 1),
    version  integer not null
) strict;

insert into config_version (version) values (1);

create table vendors (
    id         blob    not null primary key,
    tenant_id  blob    not null references tenants (id),
    slug       text    not null,
    preset     text    not null,
    options    text    not null,
    enabled    integer not null check (enabled in (0, 1)),
    max_body   integer,
    created_at integer not null,
    unique (tenant_id, slug),
    -- What rules point at, so that a rule cannot name another tenant's vendor.
    unique (tenant_id, id)
) strict, without rowid;

create table secrets (
    id         blob    not null primary key,
    vendor_id  blob    not null references vendors (id),
    version    integer not null,
    state      text    not null check (state in ('active', 'retiring', 'revoked')),
    not_after  integer,
    created_at integer not null,
    sealed     blob    not null,
    unique (vendor_id, version)
) strict, without rowid;

create table providers (
    id         blob    not null primary key,
    tenant_id  blob    not null references tenants (id),
    slug       text    not null,
    kind       text    not null check (kind in ('openai', 'anthropic')),
    base_url   text,
    model      text    not null,
    enabled    integer not null check (enabled in (0, 1)),
    created_at integer not null,
    sealed     blob,
    unique (tenant_id, slug),
    unique (tenant_id, id)
) strict, without rowid;

create table destinations (
    id         blob    not null primary key,
    tenant_id  blob    not null references tenants (id),
    slug       text    not null,
    kind       text    not null check (kind in ('wordpress', 'http')),
    url        text    not null,
    user_name  text,
    auth       text    not null check (auth in ('app-password', 'jwt', 'signature')),
    route      text    not null check (route in ('plugin', 'core', 'auto')),
    enabled    integer not null check (enabled in (0, 1)),
    created_at integer not null,
    sealed     blob,
    unique (tenant_id, slug),
    unique (tenant_id, id)
) strict, without rowid;

create table rules (
    id             blob    not null primary key,
    tenant_id      blob    not null references tenants (id),
    vendor_id      blob    not null,
    pattern        text    not null,
    job            text    not null check (job in ('generate', 'publish', 'callback', 'forward')),
    provider_id    blob,
    destination_id blob,
    params         text    not null,
    enabled        integer not null check (enabled in (0, 1)),
    created_at     integer not null,
    foreign key (tenant_id, vendor_id) references vendors (tenant_id, id),
    foreign key (tenant_id, provider_id) references providers (tenant_id, id),
    foreign key (tenant_id, destination_id) references destinations (tenant_id, id)
) strict, without rowid;

create table users (
    id            blob    not null primary key,
    email         text    not null unique,
    role          text    not null check (role in ('owner', 'admin', 'editor')),
    tenant_id     blob    references tenants (id),
    password_hash text    not null,
    disabled      integer not null check (disabled in (0, 1)),
    created_at    integer not null,
    last_login_at integer,
    -- No tenant means "sees all of them"; that must never be true of anybody but an owner.
    check ((role = 'owner') = (tenant_id is null))
) strict, without rowid;

-- One row at most: the hash of the link that lets the first person in.
create table setup_token (
    only_row   integer not null primary key default 1 check (only_row = 1),
    token_hash blob    not null,
    expires_at integer not null
) strict;

create table settings (
    name  text not null primary key,
    value blob not null
) strict, without rowid;
