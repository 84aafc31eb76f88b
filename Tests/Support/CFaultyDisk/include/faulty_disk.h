#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <stdint.h>

/*
 * A disk for SQLite that loses its power and fails on command, the same way every time.
 *
 * It is an SQLite VFS in front of the system's. It is the default one, since the store names none,
 * but a file outside the folders named here is opened by the system's VFS itself and never seen
 * again. Of the files inside it knows what would be on the medium: writes and truncations
 * become durable with their file's sync, creations and deletions with their directory's. Real syncs
 * are left out, which makes it fast.
 *
 * An operation is a write, a truncation, a sync, a deletion, or an extension of the shared memory.
 */

/* What becomes of what wasn't synced when the power is cut. */
enum {
    FAULTY_DISK_NONE, /* all of it is lost */
    FAULTY_DISK_ALL,  /* all of it is there */
    FAULTY_DISK_SOME, /* a random part is there, whatever its order was */
    FAULTY_DISK_TORN  /* it is there up to one write, of which some sectors of 512 bytes are */
};

/* How operations fail. */
enum {
    FAULTY_DISK_FULL, /* writes find no room; what has no such answer fails as an I/O error */
    FAULTY_DISK_IO    /* everything fails as an I/O error */
};

/* Makes a folder a disk and returns its number; its random choices follow from the seed. */
int faulty_disk_insert(const char *folder, uint64_t seed);

/* Ends what insert began; files that are open go on as they are. */
void faulty_disk_remove(int disk);

/* How many operations there were. */
int64_t faulty_disk_operations(int disk);

/*
 * Lets the nth operation from now on fail, and with lasting every later one as well; 0 ends it.
 *
 * Half of a failed write is written. After a failed sync each unsynced write is durable or lost for
 * good by chance, and no later sync knows of it, as on Linux.
 */
void faulty_disk_fail(int disk, int64_t nth, int trouble, int lasting);

/* How many operations failed. */
int64_t faulty_disk_failures(int disk);

/* Lets syncs succeed without making anything durable, or not any more. */
void faulty_disk_lie(int disk, int lies);

/* Cuts the power before every so many operations, by turns in each way; 0 ends it. */
void faulty_disk_cut_every(int disk, int64_t operations);

/* Cuts the power now, in one of the ways above: keeps an image of the disk as it would be found. */
void faulty_disk_cut(int disk, int way);

/* Writes the files of the oldest image into a folder and forgets it; 0 if there is none. */
int faulty_disk_unload(int disk, const char *folder);

#endif
