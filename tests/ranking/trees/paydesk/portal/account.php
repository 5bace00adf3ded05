<?php

namespace Portal;

final class Account
{
    public function __construct(private \PDO $db, private Mailer $mailer)
    {
    }

    /** Who it is, or null. After five wrong passwords nobody gets in for a quarter of an hour. */
    public function login(string $name, string $password): ?User
    {
        $row = $this->find($name);
        if ($row === null || $this->isLocked($row)) {
            return null;
        }
        if (!password_verify($password, $row['hash'])) {
            $this->db->prepare('UPDATE user SET failures = failures + 1, failed_at = now() WHERE id = ?')->execute([$row['id']]);
            return null;
        }
        $this->db->prepare('UPDATE user SET failures = 0 WHERE id = ?')->execute([$row['id']]);
        return User::fromRow($row);
    }

    private function isLocked(array $row): bool
    {
        return $row['failures'] >= 5 && strtotime($row['failed_at']) > time() - 900;
    }

    private function find(string $name): ?array
    {
        $found = $this->db->prepare('SELECT * FROM user WHERE lower(name) = lower(?)');
        $found->execute([trim($name)]);
        return $found->fetch(\PDO::FETCH_ASSOC) ?: null;
    }

    /** Send a link with which a forgotten password can be replaced. */
    public function requestReset(string $name): void
    {
        $row = $this->find($name);
        if ($row === null) {
            return;
        }
        $secret = bin2hex(random_bytes(20));
        $this->db->prepare('INSERT INTO reset VALUES (?, ?, now())')->execute([$row['id'], hash('sha256', $secret)]);
        $this->mailer->send($row['mail'], 'reset', ['link' => "/reset/$secret"]);
    }

    public function setPassword(int $id, string $password): void
    {
        if (strlen($password) < 12) {
            throw new \InvalidArgumentException('a password needs twelve characters');
        }
        $hash = password_hash($password, PASSWORD_ARGON2ID);
        $this->db->prepare('UPDATE user SET hash = ? WHERE id = ?')->execute([$hash, $id]);
    }
}

class Mailer
{
    private array $waiting = [];

    public function send(string $to, string $template, array $values): void
    {
        $this->waiting[] = [$to, $template, $values];
    }

    /** Deliver what waits; what fails stays for the next time. */
    public function flush(callable $transport): int
    {
        $failed = [];
        foreach ($this->waiting as $mail) {
            try {
                $transport($mail[0], $this->fill($mail[1], $mail[2]));
            } catch (\RuntimeException) {
                $failed[] = $mail;
            }
        }
        $sent = count($this->waiting) - count($failed);
        $this->waiting = $failed;
        return $sent;
    }

    private function fill(string $template, array $values): string
    {
        $text = file_get_contents(__DIR__ . "/mails/$template.txt");
        return preg_replace_callback('/\{(\w+)\}/', fn ($found) => $values[$found[1]] ?? '', $text);
    }
}
