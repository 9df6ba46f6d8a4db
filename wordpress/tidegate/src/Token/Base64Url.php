<?php

/**
 * Base64 as tokens and keys write it (RFC 4648 §5, without padding).
 */

namespace Tidegate\Token;

final class Base64Url
{
    public static function encode(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    /** @param mixed $text */
    public static function decode($text): ?string
    {
        if (!is_string($text) || !preg_match('/^[A-Za-z0-9_-]+$/D', $text)) {
            return null;
        }
        $bytes = base64_decode(strtr($text, '-_', '+/'), true);
        return $bytes === false ? null : $bytes;
    }
}
