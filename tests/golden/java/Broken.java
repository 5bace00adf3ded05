class Broken {
    int before() { return 1; }

    void typing() {
        call(;
        int x =
    }

    int half(int a { return a; }

    // Still here.
    String last() { return "x"; }
}

class Second {
    void ok() {}
}
