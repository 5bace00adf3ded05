int before(void) { return 1; }

int half(int a, {
	return a +

struct s {
	int a;

/* Still here. */
int after(int x)
{
	return x[0;
}

int last(void) { return 2; }
