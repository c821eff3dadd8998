#!/usr/bin/env bash
# A PostgreSQL 15 server of our own for tests: its data and its socket in FOLDER, no network, gone afterwards.
#   cluster.sh start FOLDER [SETTINGS]   makes it anew, whatever an earlier run left there
#   cluster.sh crash FOLDER [SETTINGS]   kills it as it stands, and starts it again
#   cluster.sh stop FOLDER               stops it and removes the folder
# SETTINGS are the server's, as "-c NAME=VALUE ..."; without fsync if there are none: tests kill processes, not machines.
# Connect with "host=FOLDER user=tessera dbname=postgres"; FOLDER must be short, since a socket's path is.
set -euo pipefail

verb=${1:?start, crash or stop} folder=${2:?a folder} settings=${3:--c fsync=off}
programs=/usr/lib/postgresql/15/bin

# The server refuses to run as root; Debian's package brings a user for it.
as_server() {
    if ((EUID == 0)); then
        setpriv --reuid=postgres --regid=postgres --clear-groups env -C / "$@"
    else
        "$@"
    fi
}

stop() {
    if [[ -f $folder/data/postmaster.pid ]]; then
        as_server "$programs/pg_ctl" --pgdata="$folder/data" --mode=immediate --silent stop || true
    fi
    rm -rf -- "$folder"
}

start() {
    stop
    mkdir -p -- "$folder"
    chmod 0700 "$folder"
    if ((EUID == 0)); then chown postgres:postgres "$folder"; fi
    as_server "$programs/initdb" --pgdata="$folder/data" --username=tessera --auth=trust --encoding=UTF8 --locale=C \
        --no-sync >/dev/null
    begin
}

begin() {
    as_server "$programs/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait --silent \
        --options="-c listen_addresses= -c unix_socket_directories=$folder -c max_connections=100 $settings" start ||
        { cat "$folder/log" >&2; exit 1; }
}

crash() {
    as_server "$programs/pg_ctl" --pgdata="$folder/data" --mode=immediate --silent --wait stop
    begin
}

case $verb in
start | crash | stop) "$verb" ;;
*) echo "cluster.sh: start, crash or stop, not $verb" >&2; exit 2 ;;
esac
