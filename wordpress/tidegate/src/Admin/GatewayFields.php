<?php

/**
 * Connecting a gateway that signs in with tokens: its address, the account they stand for and, where this site cannot
 * reach the gateway, its key. A part of Settings → Writing.
 */

namespace Tidegate\Admin;

use Tidegate\Capabilities;
use Tidegate\Options;
use Tidegate\Token\Gateway;
use Tidegate\Token\Key;

final class GatewayFields
{
    public static function add(string $page, string $section): void
    {
        register_setting($page, Options::GATEWAY, array(
            'type'              => 'array',
            'default'           => array(),
            'sanitize_callback' => array(self::class, 'sanitize'),
        ));
        $fields = array(
            'issuer' => array(__('Address of Tidegate', 'tidegate'), 'show_issuer'),
            'user'   => array(__('Its tokens stand for', 'tidegate'), 'show_user'),
            'keys'   => array(__('Its public key', 'tidegate'), 'show_keys'),
        );
        foreach ($fields as $name => list($label, $show)) {
            $id = Options::GATEWAY . '-' . $name;
            add_settings_field($id, $label, array(self::class, $show), $page, $section, array('label_for' => $id));
        }
    }

    /**
     * @param mixed $given
     * @return array<string, mixed>
     */
    public static function sanitize($given): array
    {
        $given = is_array($given) ? $given : array();
        $typed = trim((string) ($given['issuer'] ?? ''));
        $issuer = Gateway::address($typed);
        if ($typed !== '' && $issuer === '') {
            self::complain('address', __('The address of Tidegate must begin with https://.', 'tidegate'));
        }
        $user = (int) ($given['user'] ?? 0);
        if ($issuer !== '' && !user_can($user, Capabilities::DELIVER)) {
            self::complain('user', __('Choose an account that may edit posts for the tokens of Tidegate.', 'tidegate'));
        }
        $keys = trim((string) ($given['keys'] ?? ''));
        if ($keys !== '' && Key::all($keys) === array()) {
            $keys = '';
            self::complain('keys', __('This is no public key as JWK, JWKS or PEM (ECDSA on P-256).', 'tidegate'));
        }
        // With the time, saving once more fetches the keys once more.
        return array('issuer' => $issuer, 'user' => $user, 'keys' => $keys, 'saved_at' => time());
    }

    public static function show_issuer(): void
    {
        printf(
            '<input type="url" class="regular-text code" id="%1$s-issuer" name="%1$s[issuer]" value="%2$s"'
                . ' placeholder="https://tidegate.example.com"><p class="description">%3$s</p>',
            esc_attr(Options::GATEWAY),
            esc_attr(self::set('issuer')),
            esc_html__(
                'For destinations added with --auth jwt; empty where an application password is used.',
                'tidegate'
            )
        );
    }

    public static function show_user(): void
    {
        wp_dropdown_users(array(
            'name'             => Options::GATEWAY . '[user]',
            'id'               => Options::GATEWAY . '-user',
            'selected'         => (int) self::set('user'),
            'capability'       => array(Capabilities::DELIVER),
            'show_option_none' => __('— Nobody —', 'tidegate'),
            'option_none_value' => 0,
        ));
    }

    public static function show_keys(): void
    {
        $gateway = Gateway::connected();
        $found = count($gateway->key_ids());
        $at = $gateway->fetched_at();
        printf(
            '<textarea class="large-text code" rows="4" id="%1$s-keys" name="%1$s[keys]">%2$s</textarea>'
                . '<p class="description">%3$s %4$s</p>',
            esc_attr(Options::GATEWAY),
            esc_textarea(self::set('keys')),
            esc_html__('Empty: fetched from that address when you save, and twice a day.', 'tidegate'),
            $found === 0 ? '' : esc_html(sprintf(
                /* translators: 1: number of keys, 2: date and time */
                _n('%1$d key is known since %2$s.', '%1$d keys are known since %2$s.', $found, 'tidegate'),
                $found,
                (string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), $at)
            ))
        );
    }

    private static function set(string $name): string
    {
        return (string) (((array) get_option(Options::GATEWAY, array()))[$name] ?? '');
    }

    private static function complain(string $about, string $message): void
    {
        if (function_exists('add_settings_error')) {
            add_settings_error(Options::GATEWAY, 'tidegate_' . $about, $message);
        }
    }
}
