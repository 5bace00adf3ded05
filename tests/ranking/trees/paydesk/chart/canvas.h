#ifndef CANVAS_H
#define CANVAS_H

#include <stdint.h>

typedef struct canvas {
    int width, height;
    uint32_t *pixels;
    int clip_left, clip_top, clip_right, clip_bottom;
} canvas;

canvas *canvas_open(int width, int height);
void canvas_close(canvas *c);
void canvas_line(canvas *c, int x0, int y0, int x1, int y1, uint32_t colour);
void canvas_rect(canvas *c, int x, int y, int w, int h, uint32_t colour);
int canvas_write_ppm(const canvas *c, const char *path);

#endif
