#ifndef FANOUTD_OPENAPI_H
#define FANOUTD_OPENAPI_H

#include <stddef.h>

/// The text of `openapi.yaml` in UTF-8, without a terminating zero.
const unsigned char *_Nonnull fanoutd_openapi_text(void);
size_t fanoutd_openapi_size(void);

#endif
