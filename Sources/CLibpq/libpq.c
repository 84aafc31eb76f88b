#include "libpq.h"

#include <dlfcn.h>
#include <stddef.h>

const char *fanoutd_libpq_load(void) {
    return dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL) == NULL ? dlerror() : NULL;
}
