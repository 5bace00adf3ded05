package broken

func before() int { return 1 }

func half(a int, {
	return a +

type T struct {
	a int

func (t T) method() {}

// Still here.
func after(x []int) int {
	return x[0
}

func last() {}
