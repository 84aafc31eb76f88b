#include "openapi.h"

// `#embed` is C23, which clang takes in older C as well.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char text[] = {
#embed "openapi.yaml"
};

const unsigned char *fanoutd_openapi_text(void) { return text; }
size_t fanoutd_openapi_size(void) { return sizeof text; }
