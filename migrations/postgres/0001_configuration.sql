-- What people configure, and who may sign in.
-- Times are microseconds since 1970 in UTC and always come from the program. JSON is kept as text: it is never
-- searched, and `jsonb` would be parsed on the way in and rewritten on the way out.

create table tenants (
    id         uuid    not null primary key,
    slug       text    not null unique,
    name       text    not null,
    created_at bigint  not null
);

-- The tenant that exists from the start; its id is the same in every installation.
insert into tenants (id, slug, name, created_at)
values ('00000000-0000-7000-8000-000000000001', 'default', 'Default', 0);

-- One row, counted up by every change to the configuration, so that nodes need to read only this number. The
-- row is also what changes wait for, so two of them never interleave.
create table config_version (
    only_row smallint not null primary key default 1 check (only_row = 1),
    version  bigint  not null
);

insert into config_version (version) values (1);

create table vendors (
    id         uuid    not null primary key,
    tenant_id  uuid    not null references tenants (id),
    slug       text    not null,
    preset     text    not null,
    options    text    not null,
    enabled    boolean not null,
    max_body   bigint,
    created_at bigint  not null,
    unique (tenant_id, slug),
    -- What rules point at, so that a rule cannot name another tenant's vendor.
    unique (tenant_id, id)
);

create table secrets (
    id         uuid    not null primary key,
    vendor_id  uuid    not null references vendors (id),
    version    integer not null,
    state      text    not null check (state in ('active', 'retiring', 'revoked')),
    not_after  bigint,
    created_at bigint  not null,
    sealed     bytea   not null,
    unique (vendor_id, version)
);

create table providers (
    id         uuid    not null primary key,
    tenant_id  uuid    not null references tenants (id),
    slug       text    not null,
    kind       text    not null check (kind in ('openai', 'anthropic')),
    base_url   text,
    model      text    not null,
    enabled    boolean not null,
    created_at bigint  not null,
    sealed     bytea,
    unique (tenant_id, slug),
    unique (tenant_id, id)
);

create table destinations (
    id         uuid    not null primary key,
    tenant_id  uuid    not null references tenants (id),
    slug       text    not null,
    kind       text    not null check (kind in ('wordpress', 'http')),
    url        text    not null,
    user_name  text,
    auth       text    not null check (auth in ('app-password', 'jwt', 'signature')),
    route      text    not null check (route in ('plugin', 'core', 'auto')),
    enabled    boolean not null,
    created_at bigint  not null,
    sealed     bytea,
    unique (tenant_id, slug),
    unique (tenant_id, id)
);

create table rules (
    id             uuid    not null primary key,
    tenant_id      uuid    not null references tenants (id),
    vendor_id      uuid    not null,
    pattern        text    not null,
    job            text    not null check (job in ('generate', 'publish', 'callback', 'forward')),
    provider_id    uuid,
    destination_id uuid,
    params         text    not null,
    enabled        boolean not null,
    created_at     bigint  not null,
    foreign key (tenant_id, vendor_id) references vendors (tenant_id, id),
    foreign key (tenant_id, provider_id) references providers (tenant_id, id),
    foreign key (tenant_id, destination_id) references destinations (tenant_id, id)
);

create table users (
    id            uuid    not null primary key,
    email         text    not null unique,
    role          text    not null check (role in ('owner', 'admin', 'editor')),
    tenant_id     uuid    references tenants (id),
    password_hash text    not null,
    disabled      boolean not null,
    created_at    bigint  not null,
    last_login_at bigint,
    -- No tenant means "sees all of them"; that must never be true of anybody but an owner.
    check ((role = 'owner') = (tenant_id is null))
);

-- One row at most: the hash of the link that lets the first person in.
create table setup_token (
    only_row   smallint not null primary key default 1 check (only_row = 1),
    token_hash bytea   not null,
    expires_at bigint  not null
);

create table settings (
    name  text    not null primary key,
    value bytea   not null
);
