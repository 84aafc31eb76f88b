#include "faulty_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECTOR = 512, NAME_LENGTH = 64, PATH_LENGTH = 512 };

/* Bytes of a file. */
typedef struct {
    char *bytes;
    int64_t size;
} content;

/* A write, or with bytes NULL a truncation to `offset`. */
typedef struct {
    int64_t offset;
    int count;
    char *bytes;
} change;

/* A file of a disk, also a deleted one as long as it may come back. */
typedef struct node {
    struct node *next;
    char name[NAME_LENGTH];
    bool is_visible; /* to the running program */
    bool is_durable; /* its name is */
    content medium;
    change *changes;
    int change_count;
} node;

/* The files found after a cut. */
typedef struct image {
    struct image *next;
    node *files;
} image;

typedef struct disk {
    struct disk *next;
    int number;
    bool is_removed;
    int open_files;
    char folder[PATH_LENGTH];
    uint64_t random;
    node *nodes;
    image *images;
    int64_t operations;
    int64_t failures;
    int64_t fail_at; /* 0 for never */
    int trouble;
    bool is_lasting;
    bool lies;
    int64_t cut_every;
    int64_t cuts;
} disk;

/* An open file; the system's own follows it in memory. */
typedef struct {
    sqlite3_file base;
    disk *disk;
    node *node;
    bool syncs_folder;
} file;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sqlite3_vfs vfs;
static sqlite3_vfs *system_vfs;
static disk *disks;
static int last_number;

static void *checked(void *memory) {
    if (memory == NULL) abort();
    return memory;
}

static sqlite3_file *real(file *file) { return (sqlite3_file *)(file + 1); }

/* SplitMix64 */
static uint64_t draw(disk *disk) {
    uint64_t mixed = disk->random += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

static bool toss(disk *disk) { return draw(disk) & 1; }

/* ---- Contents ---- */

static void resize(content *content, int64_t size) {
    content->bytes = checked(realloc(content->bytes, size > 0 ? (size_t)size : 1));
    if (size > content->size) memset(content->bytes + content->size, 0, size - content->size);
    content->size = size;
}

static void put(content *content, int64_t offset, const char *bytes, int64_t count) {
    if (offset + count > content->size) resize(content, offset + count);
    memcpy(content->bytes + offset, bytes, count);
}

static void apply(content *content, const change *change) {
    if (change->bytes == NULL) resize(content, change->offset);
    else put(content, change->offset, change->bytes, change->count);
}

static void tear(disk *disk, content *content, const change *change) {
    if (change->bytes == NULL) return;
    int64_t at = change->offset, end = change->offset + change->count;
    while (at < end) {
        int64_t next = (at / SECTOR + 1) * SECTOR;
        if (next > end) next = end;
        if (toss(disk)) put(content, at, change->bytes + (at - change->offset), next - at);
        at = next;
    }
}

static void note(node *node, int64_t offset, const void *bytes, int count) {
    change added = {offset, count, NULL};
    if (bytes != NULL) {
        added.bytes = checked(malloc(count > 0 ? count : 1));
        memcpy(added.bytes, bytes, count);
    }
    size_t size = (node->change_count + 1) * sizeof(change);
    node->changes = checked(realloc(node->changes, size));
    node->changes[node->change_count++] = added;
}

static void forget_changes(node *node) {
    for (int index = 0; index < node->change_count; index++) free(node->changes[index].bytes);
    free(node->changes);
    node->changes = NULL;
    node->change_count = 0;
}

/* ---- Nodes ---- */

static node *add_node(node **list, const char *name) {
    node *added = checked(calloc(1, sizeof(node)));
    snprintf(added->name, sizeof added->name, "%s", name);
    added->next = *list;
    *list = added;
    return added;
}

static void free_nodes(node *nodes) {
    while (nodes != NULL) {
        node *next = nodes->next;
        forget_changes(nodes);
        free(nodes->medium.bytes);
        free(nodes);
        nodes = next;
    }
}

static node *visible_node(disk *disk, const char *name) {
    for (node *node = disk->nodes; node != NULL; node = node->next)
        if (node->is_visible && strcmp(node->name, name) == 0) return node;
    return NULL;
}

static void sync_folder(disk *disk) {
    for (node *node = disk->nodes; node != NULL; node = node->next)
        node->is_durable = node->is_visible;
}

static void load(node *node, const char *path) {
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) return;
    char buffer[65536];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, stream)) > 0)
        put(&node->medium, node->medium.size, buffer, count);
    fclose(stream);
}

/* ---- Cuts ---- */

static void add_survivors(disk *disk, content *found, const node *node, int way) {
    int count = node->change_count;
    if (way == FAULTY_DISK_NONE || count == 0) return;
    if (way == FAULTY_DISK_SOME) {
        int *order = checked(malloc(count * sizeof(int)));
        for (int index = 0; index < count; index++) {
            int other = draw(disk) % (index + 1);
            order[index] = order[other];
            order[other] = index;
        }
        for (int index = 0; index < count; index++)
            if (toss(disk)) apply(found, &node->changes[order[index]]);
        free(order);
        return;
    }
    int whole = way == FAULTY_DISK_ALL ? count : (int)(draw(disk) % count);
    for (int index = 0; index < whole; index++) apply(found, &node->changes[index]);
    if (whole < count) tear(disk, found, &node->changes[whole]);
}

static bool survives(disk *disk, const node *node, int way) {
    if (node->is_visible == node->is_durable) return node->is_durable;
    if (way == FAULTY_DISK_NONE) return node->is_durable;
    return way == FAULTY_DISK_ALL || toss(disk) ? node->is_visible : node->is_durable;
}

static void cut(disk *disk, int way) {
    image *added = checked(calloc(1, sizeof(image)));
    for (node *node = disk->nodes; node != NULL; node = node->next) {
        if (!survives(disk, node, way)) continue;
        bool is_taken = false; /* by a later file of the same name */
        for (struct node *other = added->files; other != NULL; other = other->next)
            is_taken = is_taken || strcmp(other->name, node->name) == 0;
        if (is_taken) continue;
        struct node *copy = add_node(&added->files, node->name);
        if (node->medium.size > 0) put(&copy->medium, 0, node->medium.bytes, node->medium.size);
        add_survivors(disk, &copy->medium, node, way);
    }
    image **end = &disk->images;
    while (*end != NULL) end = &(*end)->next;
    *end = added;
}

/* ---- Operations ---- */

/* Counts an operation, and says whether it fails. */
static bool begin(disk *disk) {
    disk->operations++;
    if (disk->cut_every > 0 && disk->operations % disk->cut_every == 0)
        cut(disk, disk->cuts++ % (FAULTY_DISK_TORN + 1));
    if (disk->fail_at == 0 || disk->operations < disk->fail_at) return false;
    if (!disk->is_lasting) disk->fail_at = 0;
    disk->failures++;
    return true;
}

static int file_write(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset) {
    file *file = (void *)base;
    pthread_mutex_lock(&mutex);
    bool fails = begin(file->disk);
    int written = fails ? count / 2 : count;
    int code = real(file)->pMethods->xWrite(real(file), bytes, written, offset);
    if (code == SQLITE_OK) note(file->node, offset, bytes, written);
    if (fails) code = file->disk->trouble == FAULTY_DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    pthread_mutex_unlock(&mutex);
    return code;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    file *file = (void *)base;
    pthread_mutex_lock(&mutex);
    int code = SQLITE_IOERR_TRUNCATE;
    if (!begin(file->disk)) {
        code = real(file)->pMethods->xTruncate(real(file), size);
        if (code == SQLITE_OK) note(file->node, size, NULL, 0);
    }
    pthread_mutex_unlock(&mutex);
    return code;
}

static int file_sync(sqlite3_file *base, int flags) {
    (void)flags;
    file *file = (void *)base;
    node *node = file->node;
    pthread_mutex_lock(&mutex);
    bool fails = begin(file->disk);
    if (!file->disk->lies) {
        for (int index = 0; index < node->change_count; index++)
            if (!fails || toss(file->disk)) apply(&node->medium, &node->changes[index]);
        forget_changes(node);
        if (!fails && file->syncs_folder) {
            sync_folder(file->disk);
            file->syncs_folder = false;
        }
    }
    pthread_mutex_unlock(&mutex);
    return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static disk *disk_of(const char *path) {
    for (disk *disk = disks; disk != NULL; disk = disk->next) {
        size_t length = strlen(disk->folder);
        bool is_inside = strncmp(path, disk->folder, length) == 0 && path[length] == '/';
        if (is_inside && !disk->is_removed) return disk;
    }
    return NULL;
}

static const char *name_in(const disk *disk, const char *path) {
    return path + strlen(disk->folder) + 1;
}

static int vfs_delete(sqlite3_vfs *ignored, const char *path, int syncs_folder) {
    (void)ignored;
    pthread_mutex_lock(&mutex);
    disk *disk = disk_of(path);
    if (disk == NULL) {
        pthread_mutex_unlock(&mutex);
        return system_vfs->xDelete(system_vfs, path, syncs_folder);
    }
    int code = SQLITE_IOERR_DELETE;
    if (!begin(disk)) {
        code = system_vfs->xDelete(system_vfs, path, 0);
        node *node = visible_node(disk, name_in(disk, path));
        if (code == SQLITE_OK && node != NULL) node->is_visible = false;
        if (code == SQLITE_OK && syncs_folder && !disk->lies) sync_folder(disk);
    }
    pthread_mutex_unlock(&mutex);
    return code;
}

/* ---- What is passed on ---- */

static int file_close(sqlite3_file *base) {
    file *file = (void *)base;
    int code = real(file)->pMethods->xClose(real(file));
    pthread_mutex_lock(&mutex);
    file->disk->open_files--;
    pthread_mutex_unlock(&mutex);
    return code;
}

static int file_read(sqlite3_file *base, void *bytes, int count, sqlite3_int64 offset) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xRead(file, bytes, count, offset);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xFileSize(file, size);
}

static int file_lock(sqlite3_file *base, int lock) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xLock(file, lock);
}

static int file_unlock(sqlite3_file *base, int lock) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xUnlock(file, lock);
}

static int file_is_reserved(sqlite3_file *base, int *answer) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xCheckReservedLock(file, answer);
}

static int file_control(sqlite3_file *base, int operation, void *argument) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xFileControl(file, operation, argument);
}

static int file_sector_size(sqlite3_file *base) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xSectorSize(file);
}

static int file_characteristics(sqlite3_file *base) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xDeviceCharacteristics(file);
}

static int file_map_shared(
    sqlite3_file *base, int region, int size, int extends, void volatile **memory
) {
    file *file = (void *)base;
    pthread_mutex_lock(&mutex);
    bool fails = extends && begin(file->disk);
    pthread_mutex_unlock(&mutex);
    if (fails) return SQLITE_IOERR_SHMSIZE;
    return real(file)->pMethods->xShmMap(real(file), region, size, extends, memory);
}

static int file_lock_shared(sqlite3_file *base, int offset, int count, int flags) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xShmLock(file, offset, count, flags);
}

static void file_barrier_shared(sqlite3_file *base) {
    sqlite3_file *file = real((void *)base);
    file->pMethods->xShmBarrier(file);
}

static int file_unmap_shared(sqlite3_file *base, int deletes) {
    sqlite3_file *file = real((void *)base);
    return file->pMethods->xShmUnmap(file, deletes);
}

/* Version 2: with mapped memory, of version 3, writes could pass us by. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_map_shared,
    .xShmLock = file_lock_shared,
    .xShmBarrier = file_barrier_shared,
    .xShmUnmap = file_unmap_shared,
};

static int vfs_open(
    sqlite3_vfs *ignored, const char *path, sqlite3_file *base, int flags, int *flags_out
) {
    (void)ignored;
    pthread_mutex_lock(&mutex);
    disk *disk = path == NULL ? NULL : disk_of(path);
    if (disk == NULL) {
        pthread_mutex_unlock(&mutex);
        return system_vfs->xOpen(system_vfs, path, base, flags, flags_out);
    }
    file *file = (void *)base;
    file->base.pMethods = NULL;
    struct stat status;
    bool exists = stat(path, &status) == 0;
    int code = system_vfs->xOpen(system_vfs, path, real(file), flags, flags_out);
    if (code == SQLITE_OK) {
        int logs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
        file->base.pMethods = &file_methods;
        file->disk = disk;
        file->syncs_folder = (flags & SQLITE_OPEN_CREATE) && (flags & logs);
        file->node = visible_node(disk, name_in(disk, path));
        if (file->node == NULL) {
            file->node = add_node(&disk->nodes, name_in(disk, path));
            file->node->is_visible = true;
            file->node->is_durable = exists;
            if (exists) load(file->node, path);
        }
        disk->open_files++;
    }
    pthread_mutex_unlock(&mutex);
    return code;
}

static void install(void) {
    system_vfs = sqlite3_vfs_find(NULL);
    if (system_vfs == NULL) abort();
    vfs = *system_vfs;
    vfs.zName = "faulty-disk";
    vfs.szOsFile = (int)sizeof(file) + system_vfs->szOsFile;
    vfs.pNext = NULL;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) abort();
}

/* ---- Disks ---- */

/* Locks, and returns a disk, which must be there. */
static disk *locked(int number) {
    pthread_mutex_lock(&mutex);
    disk *disk = disks;
    while (disk != NULL && disk->number != number) disk = disk->next;
    return checked(disk);
}

int faulty_disk_insert(const char *folder, uint64_t seed) {
    pthread_once(&once, install);
    pthread_mutex_lock(&mutex);
    disk *added = checked(calloc(1, sizeof(disk)));
    snprintf(added->folder, sizeof added->folder, "%s", folder);
    added->random = seed;
    added->number = ++last_number;
    added->next = disks;
    disks = added;
    int number = added->number;
    pthread_mutex_unlock(&mutex);
    return number;
}

static void free_images(disk *disk) {
    while (disk->images != NULL) {
        image *first = disk->images;
        disk->images = first->next;
        free_nodes(first->files);
        free(first);
    }
}

void faulty_disk_remove(int number) {
    disk *removed = locked(number);
    removed->is_removed = true;
    removed->cut_every = 0;
    free_images(removed);
    /* One whose files are open, as after a failed test, stays until the process ends. */
    if (removed->open_files == 0) {
        disk **link = &disks;
        while (*link != removed) link = &(*link)->next;
        *link = removed->next;
        free_nodes(removed->nodes);
        free(removed);
    }
    pthread_mutex_unlock(&mutex);
}

int64_t faulty_disk_operations(int number) {
    int64_t operations = locked(number)->operations;
    pthread_mutex_unlock(&mutex);
    return operations;
}

void faulty_disk_fail(int number, int64_t nth, int trouble, int lasting) {
    disk *disk = locked(number);
    disk->fail_at = nth > 0 ? disk->operations + nth : 0;
    disk->trouble = trouble;
    disk->is_lasting = lasting;
    pthread_mutex_unlock(&mutex);
}

int64_t faulty_disk_failures(int number) {
    int64_t failures = locked(number)->failures;
    pthread_mutex_unlock(&mutex);
    return failures;
}

void faulty_disk_lie(int number, int lies) {
    locked(number)->lies = lies;
    pthread_mutex_unlock(&mutex);
}

void faulty_disk_cut_every(int number, int64_t operations) {
    locked(number)->cut_every = operations;
    pthread_mutex_unlock(&mutex);
}

void faulty_disk_cut(int number, int way) {
    cut(locked(number), way);
    pthread_mutex_unlock(&mutex);
}

int faulty_disk_unload(int number, const char *folder) {
    disk *disk = locked(number);
    image *oldest = disk->images;
    if (oldest != NULL) disk->images = oldest->next;
    pthread_mutex_unlock(&mutex);
    if (oldest == NULL) return 0;
    for (node *node = oldest->files; node != NULL; node = node->next) {
        char path[PATH_LENGTH + NAME_LENGTH];
        snprintf(path, sizeof path, "%s/%s", folder, node->name);
        FILE *stream = checked(fopen(path, "wb"));
        if (node->medium.size > 0) fwrite(node->medium.bytes, 1, node->medium.size, stream);
        fclose(stream);
    }
    free_nodes(oldest->files);
    free(oldest);
    return 1;
}
