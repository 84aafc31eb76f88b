#ifndef FANOUTD_LIBPQ_H
#define FANOUTD_LIBPQ_H

/// Loads PostgreSQL's client library; a null pointer, or why it can't be had.
///
/// Loaded at run time: whoever keeps the queue in SQLite needs no library, and no memory for it.
const char *_Nullable fanoutd_libpq_load(void);

#endif
