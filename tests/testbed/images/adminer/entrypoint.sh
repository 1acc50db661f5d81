#!/bin/sh
# Enables the plugins that ADMINER_PLUGINS names, then runs the command; contacts no database.
set -e

for plugin in ${ADMINER_PLUGINS-}; do
    php plugin-loader.php "$plugin" > "plugins-enabled/$plugin.php"
done

# Without IPv6 the default address cannot be listened on: the IPv4 one serves the same clients.
if [ "$3" = "[::]:8080" ] && ! php -r 'exit(@stream_socket_server("tcp://[::]:0") ? 0 : 1);'; then
    shift 3
    set -- php -S 0.0.0.0:8080 "$@"
fi
exec "$@"
