#include "canvas.h"

#include <stdio.h>
#include <stdlib.h>

canvas *canvas_open(int width, int height)
{
    canvas *c = malloc(sizeof *c);
    if (!c)
        return NULL;
    c->pixels = calloc((size_t)width * height, sizeof *c->pixels);
    if (!c->pixels) {
        free(c);
        return NULL;
    }
    c->width = c->clip_right = width;
    c->height = c->clip_bottom = height;
    c->clip_left = c->clip_top = 0;
    return c;
}

void canvas_close(canvas *c)
{
    if (c) {
        free(c->pixels);
        free(c);
    }
}

static uint32_t mix(uint32_t below, uint32_t above)
{
    uint32_t a = above >> 24, out = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        uint32_t b = (below >> shift) & 0xff, f = (above >> shift) & 0xff;
        out |= ((f * a + b * (255 - a)) / 255) << shift;
    }
    return out | 0xff000000u;
}

static void plot(canvas *c, int x, int y, uint32_t colour)
{
    if (x < c->clip_left || x >= c->clip_right || y < c->clip_top || y >= c->clip_bottom)
        return;
    uint32_t *p = &c->pixels[(size_t)y * c->width + x];
    *p = mix(*p, colour);
}

/* Integers only: the error says when to take a step down. */
void canvas_line(canvas *c, int x0, int y0, int x1, int y1, uint32_t colour)
{
    int dx = abs(x1 - x0), sx = x0 < x1 ? 1 : -1;
    int dy = -abs(y1 - y0), sy = y0 < y1 ? 1 : -1;
    int error = dx + dy;
    for (;;) {
        plot(c, x0, y0, colour);
        if (x0 == x1 && y0 == y1)
            return;
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += sx;
        }
        if (twice <= dx) {
            error += dx;
            y0 += sy;
        }
    }
}

void canvas_rect(canvas *c, int x, int y, int w, int h, uint32_t colour)
{
    for (int row = y; row < y + h; row++)
        for (int column = x; column < x + w; column++)
            plot(c, column, row, colour);
}

/* Save the picture in the simplest format there is. */
int canvas_write_ppm(const canvas *c, const char *path)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return -1;
    fprintf(f, "P6\n%d %d\n255\n", c->width, c->height);
    for (size_t i = 0; i < (size_t)c->width * c->height; i++) {
        unsigned char rgb[3] = {c->pixels[i] >> 16, c->pixels[i] >> 8, c->pixels[i]};
        fwrite(rgb, 1, 3, f);
    }
    return fclose(f);
}
