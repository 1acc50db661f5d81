<?php
// Serves Adminer with the plugins of plugins-enabled/ and a default server; keeps no state of its own.

namespace Testbed {
    /** Fills in the server of the login form as long as the address names none. */
    final class DefaultServer
    {
        public function loginFormField(string $name, string $heading, string $value): ?string
        {
            if ($name !== 'server' || \Adminer\SERVER !== null) {
                return null;
            }
            $server = htmlspecialchars(getenv('ADMINER_DEFAULT_SERVER') ?: 'db', ENT_QUOTES);
            return $heading . str_replace('value=""', "value=\"$server\"", $value) . "\n";
        }
    }

    /** @return list<object> what each file of plugins-enabled/ returns, and the default server */
    function plugins(): array
    {
        $plugins = [];
        foreach (glob(__DIR__ . '/plugins-enabled/*.php') ?: [] as $file) {
            $plugins[] = require $file;
        }
        $plugins[] = new DefaultServer();
        return $plugins;
    }
}

namespace {
    // The page asks for its style sheet below its own address, which PHP's server hands to this file.
    $asked = basename((string) parse_url($_SERVER['REQUEST_URI'] ?? '', PHP_URL_PATH));
    if ($asked === 'adminer.css' && is_readable(__DIR__ . '/adminer.css')) {
        header('Content-Type: text/css');
        readfile(__DIR__ . '/adminer.css');
        exit;
    }

    function adminer_object(): object
    {
        return new \Adminer\Plugins(\Testbed\plugins());
    }

    require __DIR__ . '/adminer.php';
}
