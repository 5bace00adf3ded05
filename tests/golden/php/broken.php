<?php

class Good
{
    /** Returns one. */
    public function one(): int
    {
        return 1;
    }

    public function bad(
    {
        return 2
    }

    public function three(): int
    {
        return 3;
    }
}

function after($x)
{
    return $x + 1;
}

class Open
{
    public function unfinished()
    {
        if (true) {
