<?php

/**
 * A token that a gateway signed (RFC 7519, ES256 and nothing else): whether it is good for this site now.
 * What it says decides nothing but that: the account it stands for is the site's own setting.
 */

namespace Tidegate\Token;

use WP_Error;

final class Token
{
    private const LONGEST = 4096;
    /** Longest life of a token. */
    private const LIFE_SECONDS = 60;
    /** So far the clocks of gateway and site may differ. */
    private const SKEW_SECONDS = 30;

    public string $id;
    /** When nobody believes it any more, in seconds since 1970. */
    public int $until;

    private function __construct(string $id, int $until)
    {
        $this->id = $id;
        $this->until = $until;
    }

    /** @return self|WP_Error */
    public static function read(string $text, Gateway $gateway, int $now)
    {
        $parts = explode('.', $text);
        if (strlen($text) > self::LONGEST || count($parts) !== 3) {
            return self::bad(__('This is no signed token.', 'tidegate'));
        }
        $head = self::json($parts[0]);
        $claims = self::json($parts[1]);
        $signature = Base64Url::decode($parts[2]);
        // The algorithm is ours to say, not the token's.
        if ($head === null || ($head['alg'] ?? null) !== 'ES256' || isset($head['crit'])) {
            return self::bad(__('The token is not signed with ES256.', 'tidegate'));
        }
        if ($claims === null || $signature === null || strlen($signature) !== 64 || !is_string($head['kid'] ?? null)) {
            return self::bad(__('This is no signed token.', 'tidegate'));
        }
        $pem = $gateway->key($head['kid']);
        if ($pem === null) {
            $gateway->look_again();
            return new WP_Error(
                'tidegate_unknown_key',
                __('The key that signed the token is not known here yet.', 'tidegate'),
                array('status' => 401, 'retry_after' => 30)
            );
        }
        $signed = $parts[0] . '.' . $parts[1];
        if (openssl_verify($signed, self::der($signature), $pem, OPENSSL_ALGO_SHA256) !== 1) {
            return self::bad(__('The signature of the token is wrong.', 'tidegate'));
        }
        return self::believe($claims, $gateway, $now);
    }

    /**
     * @param array<string, mixed> $claims
     * @return self|WP_Error
     */
    private static function believe(array $claims, Gateway $gateway, int $now)
    {
        if (($claims['iss'] ?? null) !== $gateway->issuer) {
            return self::bad(__('The token comes from another gateway.', 'tidegate'));
        }
        $here = array(untrailingslashit(home_url()), untrailingslashit(site_url()));
        if (!is_string($claims['aud'] ?? null) || !in_array(untrailingslashit($claims['aud']), $here, true)) {
            return self::bad(sprintf(
                /* translators: %s: address of this site */
                __('The token is for another site; this one is %s.', 'tidegate'),
                $here[0]
            ));
        }
        $from = $claims['iat'] ?? null;
        $until = $claims['exp'] ?? null;
        if (!is_int($from) || !is_int($until) || $until - $from > self::LIFE_SECONDS) {
            return self::bad(__('The token says not when it ends, or lives too long.', 'tidegate'));
        }
        if ($now > $until + self::SKEW_SECONDS || $now < $from - self::SKEW_SECONDS) {
            return self::bad(__('The token is not valid now; the clocks may differ.', 'tidegate'));
        }
        $id = $claims['jti'] ?? null;
        if (!is_string($id) || !preg_match('/^[\x21-\x7e]{8,128}$/D', $id)) {
            return self::bad(__('The token has no id.', 'tidegate'));
        }
        return new self($id, $until + self::SKEW_SECONDS);
    }

    private static function bad(string $message): WP_Error
    {
        return new WP_Error('tidegate_bad_token', $message, array('status' => 401));
    }

    /** @return array<string, mixed>|null */
    private static function json(string $part): ?array
    {
        $json = json_decode((string) Base64Url::decode($part), true, 8);
        return is_array($json) ? $json : null;
    }

    /** The two numbers of a signature as OpenSSL wants them: a DER sequence instead of one after the other. */
    private static function der(string $signature): string
    {
        $number = static function (string $bytes): string {
            $bytes = ltrim($bytes, "\0");
            if ($bytes === '' || ord($bytes[0]) > 0x7f) {
                $bytes = "\0" . $bytes;
            }
            return "\x02" . chr(strlen($bytes)) . $bytes;
        };
        $both = $number(substr($signature, 0, 32)) . $number(substr($signature, 32));
        return "\x30" . chr(strlen($both)) . $both;
    }
}
