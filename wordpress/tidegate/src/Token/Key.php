<?php

/**
 * A gateway's public key: ECDSA on P-256, the one kind that is taken. Read from a JWK or from PEM; named by its
 * thumbprint (RFC 7638), so that a name can belong to no other key.
 */

namespace Tidegate\Token;

final class Key
{
    private const CURVE = 'prime256v1';
    /** What stands before the two coordinates in a SubjectPublicKeyInfo of this curve (RFC 5480). */
    private const HEAD = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';

    public string $id;
    public string $pem;

    private function __construct(string $x, string $y, string $pem)
    {
        $members = array('crv' => 'P-256', 'kty' => 'EC', 'x' => Base64Url::encode($x), 'y' => Base64Url::encode($y));
        $this->id = Base64Url::encode(hash('sha256', (string) json_encode($members), true));
        $this->pem = $pem;
    }

    /** @param mixed $jwk */
    public static function from_jwk($jwk): ?self
    {
        if (!is_array($jwk) || ($jwk['kty'] ?? '') !== 'EC' || ($jwk['crv'] ?? '') !== 'P-256') {
            return null;
        }
        $x = Base64Url::decode($jwk['x'] ?? null);
        $y = Base64Url::decode($jwk['y'] ?? null);
        if ($x === null || $y === null || strlen($x) !== 32 || strlen($y) !== 32) {
            return null;
        }
        $lines = chunk_split(base64_encode(hex2bin(self::HEAD) . $x . $y), 64, "\n");
        return self::from_pem("-----BEGIN PUBLIC KEY-----\n" . $lines . "-----END PUBLIC KEY-----\n");
    }

    public static function from_pem(string $pem): ?self
    {
        if (strpos($pem, 'PRIVATE KEY') !== false) {
            return null;
        }
        $key = openssl_pkey_get_public($pem);
        $details = $key === false ? false : openssl_pkey_get_details($key);
        if ($details === false || ($details['ec']['curve_name'] ?? '') !== self::CURVE) {
            return null;
        }
        $whole = static function (string $number): string {
            return str_pad($number, 32, "\0", STR_PAD_LEFT);
        };
        return new self($whole($details['ec']['x']), $whole($details['ec']['y']), $details['key']);
    }

    /**
     * All keys of a key set, of one key as JWK, or of one as PEM; what is no such key is left out.
     *
     * @return self[]
     */
    public static function all(string $text): array
    {
        $json = json_decode($text, true, 8);
        if (!is_array($json)) {
            return array_filter(array(self::from_pem(trim($text))));
        }
        $keys = isset($json['keys']) && is_array($json['keys']) ? $json['keys'] : array($json);
        return array_values(array_filter(array_map(array(self::class, 'from_jwk'), array_slice($keys, 0, 20))));
    }
}
