int before() { return 1; }

int half(int a, {
    return a +

class C {
    int ok() { return 1; }

// Still here.
int D::after(int x) {
    return x[0;
}

int last() { return 2; }
