#include <stdio.h>
#include <png.h>
#include <string.h>
#include <turbojpeg.h>

// Formats are macros with casts, which Swift does not import.
static inline png_image venturi_png(void) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  return image;
}

static inline png_uint_32 venturi_png_format(int channels) { return channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB; }

// What the library says of an image that it does not take; empty where it said nothing.
static inline void venturi_png_message(const png_image *image, char *text, int size) {
  snprintf(text, size, "%s", image->message);
}
