#include "canvas.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Round a range up to 1, 2 or 5 times a power of ten, as people number an axis. */
static double nice(double range, int up)
{
    double e = floor(log10(range)), f = range / pow(10, e), n;
    if (up)
        n = f <= 1 ? 1 : f <= 2 ? 2 : f <= 5 ? 5 : 10;
    else
        n = f < 1.5 ? 1 : f < 3 ? 2 : f < 7 ? 5 : 10;
    return n * pow(10, e);
}

int axis_ticks(double low, double high, int wanted, double *out)
{
    double step = nice(nice(high - low, 1) / (wanted - 1), 0);
    int count = 0;
    for (double at = floor(low / step) * step; at <= ceil(high / step) * step + step / 2; at += step)
        out[count++] = at;
    return count;
}

int axis_to_pixel(double value, double low, double high, int from, int to)
{
    return from + (int)lround((value - low) / (high - low) * (to - from));
}

/* 1500000 becomes 1.5M */
void axis_label(double value, char *out, size_t size)
{
    static const char *unit[] = {"", "k", "M", "G"};
    int u = 0;
    while (fabs(value) >= 1000 && u < 3) {
        value /= 1000;
        u++;
    }
    snprintf(out, size, "%.3g%s", value, unit[u]);
}

void draw_bars(canvas *c, const double *values, int count, uint32_t colour)
{
    double most = 0;
    for (int i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    int w = c->width / (count ? count : 1);
    for (int i = 0; i < count; i++) {
        int top = axis_to_pixel(values[i], 0, most, c->height, 0);
        canvas_rect(c, i * w + 1, top, w - 2, c->height - top, colour);
    }
}

void draw_series(canvas *c, const double *values, int count, uint32_t colour)
{
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < count; i++) {
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    for (int i = 1; i < count; i++)
        canvas_line(c, axis_to_pixel(i - 1, 0, count - 1, 0, c->width - 1),
                    axis_to_pixel(values[i - 1], low, high, c->height - 1, 0),
                    axis_to_pixel(i, 0, count - 1, 0, c->width - 1),
                    axis_to_pixel(values[i], low, high, c->height - 1, 0), colour);
}
