/* A frame on the screen, every field with its name. */
#ifndef LESSONS_06_FRAMES_FIELDS_H
#define LESSONS_06_FRAMES_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/* Shows a whole text frame. The names are made from the bytes that came. */
void show_frame(const char *who, const uint8_t *frame, size_t size);

#endif
