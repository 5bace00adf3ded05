/*
 * Copyright 2024 Nobody.
 */
package org.example;

import java.util.*;
import static java.util.Map.entry;

/**
 * Keeps accounts.
 *
 * <p>Thread-safe.
 * @param <T> what is counted
 */
@Service
@SuppressWarnings({"unchecked", "rawtypes"})
public final class Ledger<T extends Comparable<T>> extends Base implements Runnable, AutoCloseable {

    private static final Map<String, Integer> LIMITS = Map.ofEntries(
        entry("a", 1),
        entry("b", 2)
    );

    private final Runnable hook = () -> System.out.println("hook");

    private final Comparator<T> order = new Comparator<>() {
        @Override
        public int compare(T a, T b) {
            return a.compareTo(b);
        }
    };

    static {
        LIMITS.size();
    }

    {
        counter = 1;
    }

    /** Opens an empty ledger. */
    public Ledger() {
        this(0);
    }

    Ledger(int size) { super(size); }

    // Adds an amount,
    // atomically.
    @Override
    @Transactional(readOnly = false)
    public synchronized <U extends T> Optional<U> add(
            final U amount, // what to add
            String... notes) throws IOException, LedgerException {
        Function<U, U> twice = u -> {
            return u;
        };
        class Local {
            void help() {}
        }
        return Optional.of(twice.apply(amount));
    }

    abstract void missing();

    native int fast(int[] values);

    /* Nested enum. */
    enum State implements Supplier<String> {
        OPEN("o") {
            @Override
            public String get() { return "open"; }
        },
        CLOSED("c");

        private final String code;

        State(String code) { this.code = code; }

        public String get() { return code; }
    }

    sealed interface Shape permits Circle, Square {
        double PI = 3.14;

        /** Its area. */
        double area();

        default String describe() { return "größe 🙂"; }

        static Shape unit() { return new Circle(1); }
    }

    record Circle(double radius) implements Shape {
        Circle {
            if (radius < 0) throw new IllegalArgumentException();
        }

        public double area() { return PI * radius * radius; }
    }

    @interface Audited {
        String value() default "";
    }

    public void run() {
        new Thread(new Runnable() {
            public void run() { hook.run(); }
        }).start();
    }
}
