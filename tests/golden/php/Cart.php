<?php

declare(strict_types=1);

namespace Shop\Cart;

use InvalidArgumentException;

const MAX_LINES = 100;

/**
 * Tells whether a cart may be paid.
 */
interface Payable extends \Countable
{
    public const CURRENCY = 'EUR';

    /** The sum to pay, in cents. */
    public function total(): int;
}

/**
 * Things that log.
 */
trait Logs
{
    private array $log = [];

    protected function log(string $line): void
    {
        $this->log[] = $line;
    }

    abstract public function name(): string;
}

/** How a cart is paid. */
enum Payment: string
{
    case Card = 'card';
    case Cash = 'cash';

    public static function default(): self
    {
        return self::Card;
    }

    public function label(): string
    {
        return match ($this) {
            self::Card => 'Card',
            self::Cash => 'Cash',
        };
    }
}

/**
 * A shopping cart.
 *
 * @template T
 */
#[Entity(table: 'carts')]
final class Cart implements Payable
{
    use Logs;

    private array $lines = [];

    /**
     * Makes a cart for a customer.
     *
     * @param string $customer who pays
     */
    public function __construct(
        private readonly string $customer,
        protected ?Payment $payment = null,
    ) {
        $this->payment ??= Payment::default();
    }

    #[Pure]
    #[Deprecated('use lines()')]
    public function count(): int
    {
        return count($this->lines);
    }

    // Adds a line
    // and logs it.
    public function add(string $sku, int $count = 1): static
    {
        if ($count < 1) {
            throw new InvalidArgumentException("count: {$count}");
        }
        $this->lines[$sku] = ($this->lines[$sku] ?? 0) + $count;
        $this->log("added $sku");
        return $this;
    }

    public function total(): int
    {
        $price = function (string $sku): int {
            return strlen($sku) * 100;
        };
        $times = fn (int $a, int $b): int => $a * $b;
        $sum = 0;
        foreach ($this->lines as $sku => $count) {
            $sum += $times($price($sku), $count);
        }
        return $sum;
    }

    public static function größe(string $straße): int
    {
        return mb_strlen("Größe: $straße");
    }

    public function name(): string { return 'cart'; }

    public function &reference(): array
    {
        return $this->lines;
    }

    public function visitor(): object
    {
        return new class($this) implements Visitor {
            public function __construct(private Cart $cart) {}

            public function visit(): int
            {
                return $this->cart->count();
            }
        };
    }
}

/**
 * Formats cents.
 */
function format_money(int $cents, string $currency = Payable::CURRENCY): string
{
    function pad(int $n): string
    {
        return str_pad((string) $n, 2, '0', STR_PAD_LEFT);
    }
    return intdiv($cents, 100) . '.' . pad($cents % 100) . " $currency";
}

$double = fn ($x) => $x * 2;

$greet = static function (string $name) use ($double): void {
    echo "Hello $name", $double(2);
};

$greet('world');
