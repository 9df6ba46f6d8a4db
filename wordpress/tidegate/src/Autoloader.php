<?php

/**
 * Finds the plugin's classes: Tidegate\Ingest\Ledger is src/Ingest/Ledger.php.
 */

namespace Tidegate;

final class Autoloader
{
    public static function register(): void
    {
        spl_autoload_register(array(self::class, 'load'));
    }

    public static function load(string $name): void
    {
        $prefix = __NAMESPACE__ . '\\';
        if (strncmp($name, $prefix, strlen($prefix)) !== 0) {
            return;
        }
        $file = __DIR__ . '/' . strtr(substr($name, strlen($prefix)), '\\', '/') . '.php';
        if (is_file($file)) {
            require_once $file;
        }
    }
}
