<?php
// Every request comes here: Adminer, with plugins as its image loads them, and servers by their names between containers.
$devenv = json_decode(file_get_contents(__DIR__ . '/settings.json'), true);
$devenv_plugins = array_map(function ($file) { return require $file; }, $devenv['plugins']);
$devenv_plugins[] = new class($devenv['servers']) {
    private $servers;

    function __construct($servers)
    {
        $this->servers = $servers;
    }

    function credentials()
    {
        $password = function_exists('Adminer\get_password') ? 'Adminer\get_password' : 'get_password';
        $server = $_GET['pgsql'] ?? '';
        return array($this->servers[$server] ?? $server, $_GET['username'] ?? '', $password());
    }
};

function adminer_object()
{
    global $devenv_plugins;
    if (class_exists('Adminer\Plugins')) { // since Adminer 5
        return new Adminer\Plugins($devenv_plugins);
    }
    return new class($devenv_plugins) extends Adminer {
        private $plugins;

        function __construct($plugins)
        {
            $this->plugins = $plugins;
        }

        function loginFormField($name, $heading, $value)
        {
            foreach ($this->plugins as $plugin) {
                if (method_exists($plugin, 'loginFormField')) {
                    $value_of_plugin = $plugin->loginFormField($name, $heading, $value);
                    if ($value_of_plugin !== null) {
                        return $value_of_plugin;
                    }
                }
            }
            return parent::loginFormField($name, $heading, $value);
        }

        function credentials()
        {
            return end($this->plugins)->credentials();
        }
    };
}

chdir(dirname($devenv['page']));
require $devenv['page'];
