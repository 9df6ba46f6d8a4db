<?php

/**
 * The gateway whose tokens this site takes: its address, the account they stand for, and the keys it signs with.
 * Keys are fetched from the gateway when an administrator connects it and by WordPress' scheduler, never while a
 * request is being answered; or an administrator pastes them.
 */

namespace Tidegate\Token;

use Tidegate\Options;
use WP_Error;

final class Gateway
{
    public const REFRESH = 'tidegate_refresh_keys';
    private const PATH = '/.well-known/jwks.json';
    private const LONGEST = 65536;
    /** A token with an unknown key makes us look for new keys no more often than this. */
    private const LOOK_SECONDS = 60;

    /** The address, which is also what tokens name as their issuer; empty when none is connected. */
    public string $issuer;
    public int $user;
    /** The text an administrator pasted; empty when keys are fetched. */
    private string $pasted;

    private function __construct()
    {
        $set = (array) get_option(Options::GATEWAY, array());
        $this->issuer = self::address((string) ($set['issuer'] ?? ''));
        $this->user = (int) ($set['user'] ?? 0);
        $this->pasted = (string) ($set['keys'] ?? '');
    }

    public static function connected(): self
    {
        return new self();
    }

    /** An address as tokens write it; empty when it cannot be one. A gateway elsewhere needs https. */
    public static function address(string $text): string
    {
        $url = esc_url_raw(trim($text), array('http', 'https'));
        $host = (string) wp_parse_url($url, PHP_URL_HOST);
        $here = in_array($host, array('localhost', '127.0.0.1', '[::1]'), true);
        if ($host === '' || (wp_parse_url($url, PHP_URL_SCHEME) !== 'https' && !$here)) {
            return '';
        }
        return untrailingslashit($url);
    }

    public function key(string $id): ?string
    {
        $keys = $this->kept()['keys'];
        return isset($keys[$id]) && is_string($keys[$id]) ? $keys[$id] : null;
    }

    /** @return string[] */
    public function key_ids(): array
    {
        return array_map('strval', array_keys($this->kept()['keys']));
    }

    /** When keys were fetched last; 0 when they never were. */
    public function fetched_at(): int
    {
        return (int) $this->kept()['at'];
    }

    /** A token came with a key that is not known: the scheduler looks for it soon. */
    public function look_again(): void
    {
        $is_new = $this->pasted === '' && time() - (int) $this->kept()['tried'] >= self::LOOK_SECONDS;
        if ($is_new && !wp_next_scheduled(self::REFRESH, array('soon'))) {
            wp_schedule_single_event(time(), self::REFRESH, array('soon'));
        }
    }

    /** What the scheduler runs. */
    public static function refresh(): void
    {
        $gateway = self::connected();
        if ($gateway->issuer !== '') {
            $gateway->take_keys();
        }
    }

    /** After an administrator saved the settings. */
    public static function reconnect(): void
    {
        self::unschedule();
        self::schedule();
        $gateway = self::connected();
        $taken = $gateway->issuer === '' ? true : $gateway->take_keys();
        if (is_wp_error($taken) && function_exists('add_settings_error')) {
            add_settings_error(Options::GATEWAY, $taken->get_error_code(), $taken->get_error_message());
        }
    }

    /** Keys are fetched twice a day where they are not pasted. */
    public static function schedule(): void
    {
        $gateway = self::connected();
        if ($gateway->issuer !== '' && $gateway->pasted === '' && !wp_next_scheduled(self::REFRESH)) {
            wp_schedule_event(time() + HOUR_IN_SECONDS, 'twicedaily', self::REFRESH);
        }
    }

    public static function unschedule(): void
    {
        wp_clear_scheduled_hook(self::REFRESH);
        wp_clear_scheduled_hook(self::REFRESH, array('soon'));
    }

    /** @return true|WP_Error */
    private function take_keys()
    {
        $text = $this->pasted !== '' ? $this->pasted : $this->fetch();
        $keys = array();
        foreach (is_wp_error($text) ? array() : Key::all($text) as $key) {
            $keys[$key->id] = $key->pem;
        }
        if ($keys !== array()) {
            $this->keep($keys, time());
            return true;
        }
        // What was known stays: a gateway that is away for a moment must not lock itself out.
        $this->keep($this->kept()['keys'], $this->fetched_at());
        return is_wp_error($text) ? $text : new WP_Error(
            'tidegate_no_keys',
            __('No key of the kind that Tidegate signs with (ECDSA on P-256) was found.', 'tidegate')
        );
    }

    /** @return string|WP_Error */
    private function fetch()
    {
        $answer = wp_remote_get($this->issuer . self::PATH, array(
            'timeout'             => 5,
            'redirection'         => 0,
            'limit_response_size' => self::LONGEST,
            // Whoever administers one site of a network does not own the machine it runs on.
            'reject_unsafe_urls'  => is_multisite(),
        ));
        $status = (int) wp_remote_retrieve_response_code($answer);
        if ($status === 200) {
            return wp_remote_retrieve_body($answer);
        }
        return new WP_Error('tidegate_no_answer', sprintf(
            /* translators: 1: address, 2: what was answered */
            __('The keys of Tidegate could not be fetched from %1$s: %2$s.', 'tidegate'),
            $this->issuer . self::PATH,
            is_wp_error($answer) ? $answer->get_error_message() : (string) $status
        ));
    }

    /** @return array{issuer: string, keys: array<string, string>, at: int, tried: int} */
    private function kept(): array
    {
        $kept = get_option(Options::KEYS, array());
        $none = array('issuer' => $this->issuer, 'keys' => array(), 'at' => 0, 'tried' => 0);
        // Keys count for the gateway they came from.
        return is_array($kept) && ($kept['issuer'] ?? null) === $this->issuer ? $kept + $none : $none;
    }

    /** @param array<string, string> $keys */
    private function keep(array $keys, int $at): void
    {
        $kept = array('issuer' => $this->issuer, 'keys' => $keys, 'at' => $at, 'tried' => time());
        update_option(Options::KEYS, $kept, false);
    }
}
