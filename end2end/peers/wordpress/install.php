<?php
/**
 * Installs WordPress for the test peer: tables, users, application passwords, permalinks, the plugin.
 * Safe to run again; what is there stays, so passwords survive a restart. Arguments: wp-load.php, env file.
 */

list(, $load, $env_file) = $argv;

$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI'] = '/';

// Until the tables are there WordPress would answer with a redirect to its own installer.
if (!is_file($env_file)) {
    define('WP_INSTALLING', true);
}

/** Replaces WordPress' own, which would send a mail. */
function wp_new_blog_notification()
{
}

require $load;
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

/** Ends with the message when the value is an error of WordPress. */
function tidegate_peer_must($value)
{
    if (is_wp_error($value)) {
        fwrite(STDERR, $value->get_error_message() . "\n");
        exit(1);
    }
    return $value;
}

/** Reads the env file of an earlier start. */
function tidegate_peer_known($env_file)
{
    return is_file($env_file) ? (array) parse_ini_file($env_file, false, INI_SCANNER_RAW) : array();
}

/** The user's id; made when missing. */
function tidegate_peer_user($login, $role)
{
    $user = get_user_by('login', $login);
    return $user ? $user->ID : tidegate_peer_must(wp_insert_user(array(
        'user_login' => $login,
        'user_pass'  => $login . '-password',
        'user_email' => $login . '@example.test',
        'role'       => $role,
    )));
}

if (!is_blog_installed()) {
    wp_install('Tidegate test site', 'admin', 'admin@example.test', true, '', 'admin-password');
}

global $wp_rewrite;
if (get_option('permalink_structure') !== '/%postname%/') {
    $wp_rewrite->set_permalink_structure('/%postname%/');
}
flush_rewrite_rules(false);
update_option('timezone_string', 'UTC');

$known = tidegate_peer_known($env_file);
$env = array(
    'WP_URL'     => home_url(),
    'WP_PORT'    => wp_parse_url(home_url(), PHP_URL_PORT),
    'WP_VERSION' => get_bloginfo('version'),
    'WP_LOAD'    => $load,
    'WP_LOGS'    => dirname(WP_DEBUG_LOG),
);

// login => [role, prefix of its variables]; `gateway` is the account Tidegate itself delivers with.
$accounts = array(
    'gateway'    => array('editor', 'WP'),
    'admin'      => array('administrator', 'WP_ADMIN'),
    'editor'     => array('editor', 'WP_EDITOR'),
    'author'     => array('author', 'WP_AUTHOR'),
    'subscriber' => array('subscriber', 'WP_SUBSCRIBER'),
);
foreach ($accounts as $login => list($role, $prefix)) {
    $id = tidegate_peer_user($login, $role);
    $secret = isset($known[$prefix . '_APP_PASSWORD']) ? $known[$prefix . '_APP_PASSWORD'] : '';
    if ($secret === '') {
        WP_Application_Passwords::delete_all_application_passwords($id);
        $made = tidegate_peer_must(
            WP_Application_Passwords::create_new_application_password($id, array('name' => 'Tidegate tests'))
        );
        $secret = $made[0];
    }
    $env[$prefix . '_USER'] = $login;
    $env[$prefix . '_PASSWORD'] = $login . '-password';
    $env[$prefix . '_APP_PASSWORD'] = $secret;
}

wp_set_current_user(get_user_by('login', 'admin')->ID);
// After the rules above: the plugin forgets them, and the first request makes them with its post type.
tidegate_peer_must(activate_plugin('tidegate/tidegate.php'));

$lines = '';
foreach ($env as $name => $value) {
    $lines .= $name . '=' . $value . "\n";
}
touch($env_file);
chmod($env_file, 0600);
file_put_contents($env_file, $lines);
