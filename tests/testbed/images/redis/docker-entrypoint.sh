#!/usr/bin/env bash
# Starts Redis or Valkey the way their official images document it, as uid 999 and open to other containers.
# Written for the test bed from that description; must not be used where anyone else reaches the port.
set -euo pipefail

flavour=redis

case ${1-} in
    -* | *.conf) set -- "$flavour-server" "$@" ;;
esac

has_capabilities() {
    local effective
    effective=$(sed -n 's/^CapEff:\s*//p' /proc/self/status)
    (((0x$effective >> 6 & 3) == 3)) # CAP_SETGID and CAP_SETUID
}

# Only a folder that holds nothing but the server's own files is given to it.
give_data_folder() {
    local unknown
    if [[ -n ${SKIP_FIX_PERMS-} ]]; then
        return
    fi
    unknown=$(find . -mindepth 1 -maxdepth 1 \! -name '*.rdb' \! -name appendonlydir -print -quit)
    if [[ -n $unknown ]]; then
        echo "Notice: $PWD holds files that are not the server's ($unknown): permissions are left as they are" >&2
        return
    fi
    find . \! -user "$flavour" -exec chown "$flavour:$flavour" '{}' +
}

is_server() {
    [[ $1 == "$flavour-server" || $1 == "$flavour-sentinel" ]]
}

if is_server "${1-}" && [[ $(id -u) == 0 && -z ${SKIP_DROP_PRIVS-} ]] && has_capabilities; then
    give_data_folder
    exec setpriv --reuid="$flavour" --regid="$flavour" --clear-groups --no-new-privs \
        --inh-caps=-all --bounding-set=-all "${BASH_SOURCE[0]}" "$@"
fi

if [[ $(umask) == 0022 ]]; then
    umask 0077
fi

# The official binaries have protected mode off by default; Debian's need to be told, ahead of the caller's own words.
open_to_others() {
    local argument
    for argument in "${@:2}"; do
        case $argument in
            --protected-mode* | -v | --version | -h | --help | - | --test-memory | --check-system) return 1 ;;
            *.conf) if grep -qsi '^\s*protected-mode' "$argument"; then return 1; fi ;;
        esac
    done
}

if [[ ${1-} == "$flavour-server" ]]; then
    if [[ $flavour == redis ]]; then
        echo "Starting Redis Server"
        for module in /usr/local/lib/redis/modules/*.so; do
            if [[ -s $module && -x $module ]]; then
                set -- "$@" --loadmodule "$module"
            fi
        done
    fi
    if open_to_others "$@"; then
        case ${2-} in
            *.conf | /*) set -- "$1" "$2" --protected-mode no "${@:3}" ;;
            *) set -- "$1" --protected-mode no "${@:2}" ;;
        esac
    fi
fi
# shellcheck disable=SC2086
exec "$@" ${VALKEY_EXTRA_FLAGS-}
