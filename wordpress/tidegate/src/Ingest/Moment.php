<?php

/**
 * Points in time: RFC 3339 text to UTC microseconds, the form in which two deliveries are compared.
 */

namespace Tidegate\Ingest;

use DateTimeImmutable;

final class Moment
{
    private const FORM = '/^(\d{4})-(\d\d)-(\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d{1,9}))?'
        . '(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/D';

    /** @return int|null microseconds since 1970, null when the text is no such time */
    public static function parse(string $text): ?int
    {
        if (!preg_match(self::FORM, $text, $part) || !checkdate((int) $part[2], (int) $part[3], (int) $part[1])) {
            return null;
        }
        $seconds = gmmktime(
            (int) $part[4],
            (int) $part[5],
            (int) $part[6],
            (int) $part[2],
            (int) $part[3],
            (int) $part[1]
        );
        if (!empty($part[8])) {
            $offset = ((int) $part[9] * 60 + (int) $part[10]) * 60;
            $seconds -= $part[8] === '-' ? -$offset : $offset;
        }
        return $seconds * 1000000 + (int) substr(str_pad($part[7] ?? '', 6, '0'), 0, 6);
    }

    public static function now(): int
    {
        return (int) (new DateTimeImmutable())->format('Uu');
    }
}
