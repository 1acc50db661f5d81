<?php
// Prints the file that enables one of Adminer's own plugins; refuses an unknown one and one that wants settings.

function refuse(string $reason): never
{
    fwrite(STDERR, $reason . "\n");
    exit(1);
}

$name = $argv[1] ?? '';
$path = __DIR__ . "/plugins/$name.php";
if (!preg_match('~^[\w-]+$~', $name) || !is_file($path)) {
    refuse("Unable to load plugin \"$name\": there is no such file as plugins/$name.php");
}
if (!preg_match('~^class\s+(\w+)~m', (string) file_get_contents($path), $found)) {
    refuse("Unable to load plugin \"$name\": plugins/$name.php declares no class");
}
preg_match('~function\s+__construct\s*\(([^{]*)\)~', (string) file_get_contents($path), $constructor);
foreach (array_filter(array_map('trim', explode(',', $constructor[1] ?? ''))) as $parameter) {
    if (!str_contains($parameter, '=') && str_contains($parameter, '$')) {
        refuse("Plugin \"$name\" needs settings ($parameter): put a file into plugins-enabled/ that returns it made");
    }
}
echo "<?php\nrequire_once __DIR__ . '/../plugins/$name.php';\nreturn new {$found[1]}();\n";
