#!/usr/bin/env bash
# Starts PostgreSQL the way the official image documents it: first start makes the cluster, later ones only run it.
# Written for the test bed from that description; must not be used to keep data that matters.
set -Eeuo pipefail

hooks=/docker-entrypoint-initdb.d

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# setting NAME [DEFAULT]: the variable's value, else the content of the file that NAME_FILE names, else the default.
setting() {
    local name=$1 default=${2-} file_name=${1}_FILE
    local value=${!name-} file=${!file_name-}
    if [[ -n $value && -n $file ]]; then
        fail "error: both $name and $file_name are set (but are exclusive)"
    fi
    if [[ -n $file ]]; then
        value=$(<"$file")
    fi
    export "$name=${value:-$default}"
    unset "$file_name"
}

read_settings() {
    setting POSTGRES_PASSWORD
    setting POSTGRES_USER postgres
    setting POSTGRES_DB "$POSTGRES_USER"
    setting POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

initialised() {
    [[ -s $PGDATA/PG_VERSION ]]
}

# The options with which the server only prints something: nothing is to be initialised for them.
only_informs() {
    local argument
    for argument; do
        case $argument in
            -'?' | --help | --describe-config | -V | --version) return 0 ;;
        esac
    done
    return 1
}

prepare_folders() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 00700 "$PGDATA" || true
    chmod 03775 /var/run/postgresql || true
    if [[ -n ${POSTGRES_INITDB_WALDIR-} ]]; then
        mkdir -p "$POSTGRES_INITDB_WALDIR"
        chmod 700 "$POSTGRES_INITDB_WALDIR"
    fi
    if [[ $(id -u) == 0 ]]; then
        find "$PGDATA" ${POSTGRES_INITDB_WALDIR:+"$POSTGRES_INITDB_WALDIR"} \! -user postgres -exec chown postgres '{}' +
        find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
    fi
}

require_password() {
    if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
        fail "Error: Database is uninitialized and superuser password is not specified." \
            "       Set POSTGRES_PASSWORD to a non-empty value, for example with \"-e POSTGRES_PASSWORD=…\"." \
            "       POSTGRES_HOST_AUTH_METHOD=trust lets everybody in without one; that is not recommended."
    fi
    if [[ $POSTGRES_HOST_AUTH_METHOD == trust ]]; then
        printf '%s\n' \
            "********************************************************************************" \
            "WARNING: POSTGRES_HOST_AUTH_METHOD is set to \"trust\": anyone who reaches this" \
            "         server's port gets in without a password, even if one is set." \
            "********************************************************************************" >&2
    fi
}

# From 18 on the volume is one level up and data lies below the major version's name.
refuse_misplaced_data() {
    local found=()
    ((PG_MAJOR >= 18)) && [[ $PGDATA == "/var/lib/postgresql/$PG_MAJOR/docker" ]] || return 0
    if grep -q ' /var/lib/postgresql/data ' /proc/self/mountinfo; then
        found+=("/var/lib/postgresql/data (a mount)")
    fi
    local version
    for version in /var/lib/postgresql/{,data/,*/docker/}PG_VERSION; do
        if [[ -s $version ]]; then
            found+=("${version%/PG_VERSION}")
        fi
    done
    if ((${#found[@]})); then
        fail "Error: in 18+, these Docker images are configured to keep data below a folder of the major version." \
            "       Mount one volume at /var/lib/postgresql. Data of an older layout was found here:" "${found[@]/#/         }"
    fi
}

# initdb looks the caller up in the user database; a bare uid from --user is given an entry for that long.
lend_user_entry() {
    local library
    if getent passwd "$(id -u)" > /dev/null; then
        return
    fi
    library=$(find /usr/lib -name libnss_wrapper.so -print -quit)
    NSS_WRAPPER_PASSWD=$(mktemp)
    NSS_WRAPPER_GROUP=$(mktemp)
    printf 'postgres:x:%s:%s:PostgreSQL:%s:/bin/false\n' "$(id -u)" "$(id -g)" "$PGDATA" > "$NSS_WRAPPER_PASSWD"
    printf 'postgres:x:%s:\n' "$(id -g)" > "$NSS_WRAPPER_GROUP"
    export LD_PRELOAD=$library NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

make_cluster() {
    lend_user_entry
    # POSTGRES_INITDB_ARGS is a command line's worth of words, quotes included.
    eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD")' \
        ${POSTGRES_INITDB_WALDIR:+'--waldir="$POSTGRES_INITDB_WALDIR"'} "$POSTGRES_INITDB_ARGS"
    if [[ -n ${NSS_WRAPPER_PASSWD-} ]]; then
        rm -f "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
        unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
    fi
}

allow_hosts() {
    local method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "${@:2}")}
    printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
}

# A server that only the unix socket reaches, so that nobody outside takes a half-made database for a ready one.
start_private_server() {
    local options
    options=$(printf '%q ' "${@:2}" -c "listen_addresses=" -p "${PGPORT:-5432}")
    NOTIFY_SOCKET='' PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl -D "$PGDATA" -o "$options" -w start
}

stop_private_server() {
    PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl -D "$PGDATA" -m fast -w stop
}

query() {
    PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" "$@"
}

make_database() {
    local there
    there=$(query --dbname postgres --tuples-only --set wanted="$POSTGRES_DB" \
        <<< "SELECT 1 FROM pg_database WHERE datname = :'wanted';")
    if [[ -z ${there//[[:space:]]/} ]]; then
        query --dbname postgres --set wanted="$POSTGRES_DB" <<< 'CREATE DATABASE :"wanted";'
    fi
}

run_hooks() {
    local hook
    printf '\n'
    for hook in "$hooks"/*; do
        case $hook in
            *.sh)
                if [[ -x $hook ]]; then
                    echo "$0: running $hook"
                    "$hook"
                else
                    echo "$0: sourcing $hook"
                    # shellcheck disable=SC1090
                    . "$hook"
                fi
                ;;
            *.sql) echo "$0: running $hook" && query --dbname "$POSTGRES_DB" -f "$hook" ;;
            *.sql.gz) echo "$0: running $hook" && gunzip -c "$hook" | query --dbname "$POSTGRES_DB" ;;
            *.sql.xz) echo "$0: running $hook" && xzcat "$hook" | query --dbname "$POSTGRES_DB" ;;
            *.sql.zst) echo "$0: running $hook" && zstd -dc "$hook" | query --dbname "$POSTGRES_DB" ;;
            "$hooks/*") ;;
            *) echo "$0: ignoring $hook" ;;
        esac
        printf '\n'
    done
}

first_start() {
    require_password
    refuse_misplaced_data
    ls "$hooks/" > /dev/null
    make_cluster
    allow_hosts "$@"
    export PGPASSWORD=${PGPASSWORD-$POSTGRES_PASSWORD}
    start_private_server "$@"
    make_database
    run_hooks
    stop_private_server
    unset PGPASSWORD
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

if [[ ${1-} == -* ]]; then
    set -- postgres "$@"
fi
if [[ ${1-} == postgres ]] && ! only_informs "$@"; then
    prepare_folders
    if [[ $(id -u) == 0 ]]; then
        exec gosu postgres "${BASH_SOURCE[0]}" "$@"
    fi
    read_settings
    if initialised; then
        printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    else
        set +u # a sourced hook is the user's text
        first_start "$@"
    fi
fi
exec "$@"
