#ifndef FANOUTD_PAGE_H
#define FANOUTD_PAGE_H

#include <stddef.h>

/// The page's files are numbered from 0.
size_t fanoutd_page_count(void);
const char *_Nonnull fanoutd_page_name(size_t index);
/// The text of a file in UTF-8; it ends with a zero and holds no other.
const char *_Nonnull fanoutd_page_text(size_t index);

#endif
