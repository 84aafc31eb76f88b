#include "libpq.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

typedef fanoutd_pg_conn conn;
typedef fanoutd_pg_result result;
typedef void receiver(void *context, const result *notice);

/// Each function that is used: what it answers, its name, and what it takes.
#define FUNCTIONS(F)                                                                              \
    F(fanoutd_pg_option *, PQconninfoParse, (const char *, char **))                              \
    F(void, PQconninfoFree, (fanoutd_pg_option *))                                                \
    F(void, PQfreemem, (void *))                                                                  \
    F(conn *, PQconnectStartParams, (const char *const *, const char *const *, int))              \
    F(int, PQconnectPoll, (conn *))                                                               \
    F(void, PQfinish, (conn *))                                                                   \
    F(int, PQstatus, (const conn *))                                                              \
    F(int, PQsocket, (const conn *))                                                              \
    F(int, PQserverVersion, (const conn *))                                                       \
    F(int, PQconnectionNeedsPassword, (const conn *))                                             \
    F(int, PQconnectionUsedPassword, (const conn *))                                              \
    F(char *, PQerrorMessage, (const conn *))                                                     \
    F(int, PQsetnonblocking, (conn *, int))                                                       \
    F(receiver *, PQsetNoticeReceiver, (conn *, receiver *, void *))                              \
    F(int, PQsendQuery, (conn *, const char *))                                                   \
    F(int, PQsendPrepare, (conn *, const char *, const char *, int, const unsigned *))            \
    F(int, PQsendQueryPrepared,                                                                   \
      (conn *, const char *, int, const char *const *, const int *, const int *, int))            \
    F(int, PQflush, (conn *))                                                                     \
    F(int, PQconsumeInput, (conn *))                                                              \
    F(int, PQisBusy, (conn *))                                                                    \
    F(result *, PQgetResult, (conn *))                                                            \
    F(void, PQclear, (result *))                                                                  \
    F(int, PQresultStatus, (const result *))                                                      \
    F(char *, PQresultErrorField, (const result *, int))                                          \
    F(char *, PQcmdStatus, (result *))                                                            \
    F(char *, PQcmdTuples, (result *))                                                            \
    F(int, PQntuples, (const result *))                                                           \
    F(int, PQgetisnull, (const result *, int, int))                                               \
    F(char *, PQgetvalue, (const result *, int, int))                                             \
    F(int, PQgetlength, (const result *, int, int))

#define POINTER(type, name, parameters) static type(*name) parameters;
FUNCTIONS(POINTER)

static const char *fault;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fault = strdup(dlerror());
        return;
    }
#define FIND(type, name, parameters)                                                              \
    if ((*(void **)&name = dlsym(library, #name)) == NULL) {                                      \
        fault = "libpq.so.5 has no " #name;                                                       \
        return;                                                                                   \
    }
    FUNCTIONS(FIND)
}

const char *fanoutd_libpq_load(void) {
    pthread_once(&once, load);
    return fault;
}

fanoutd_pg_option *fanoutd_PQconninfoParse(const char *text, char **error) {
    return PQconninfoParse(text, error);
}
void fanoutd_PQconninfoFree(fanoutd_pg_option *options) { PQconninfoFree(options); }
void fanoutd_PQfreemem(void *memory) { PQfreemem(memory); }

conn *fanoutd_PQconnectStartParams(const char *const *keywords, const char *const *values) {
    return PQconnectStartParams(keywords, values, 0);
}
int fanoutd_PQconnectPoll(conn *connection) { return PQconnectPoll(connection); }
void fanoutd_PQfinish(conn *connection) { PQfinish(connection); }
int fanoutd_PQstatus(const conn *connection) { return PQstatus(connection); }
int fanoutd_PQsocket(const conn *connection) { return PQsocket(connection); }
int fanoutd_PQserverVersion(const conn *connection) { return PQserverVersion(connection); }
bool fanoutd_PQconnectionNeedsPassword(const conn *connection) {
    return PQconnectionNeedsPassword(connection);
}
bool fanoutd_PQconnectionUsedPassword(const conn *connection) {
    return PQconnectionUsedPassword(connection);
}
const char *fanoutd_PQerrorMessage(const conn *connection) { return PQerrorMessage(connection); }
int fanoutd_PQsetnonblocking(conn *connection) { return PQsetnonblocking(connection, 1); }

/// The severity in English, whatever language the server writes.
static const int severity = 'V';

static void take_notice(void *flag, const result *notice) {
    const char *word = PQresultErrorField(notice, severity);
    if (word != NULL && strcmp(word, "WARNING") == 0) *(bool *)flag = true;
}

void fanoutd_pg_flag_warnings(conn *connection, bool *flag) {
    PQsetNoticeReceiver(connection, take_notice, flag);
}

int fanoutd_PQsendQuery(conn *connection, const char *text) {
    return PQsendQuery(connection, text);
}
int fanoutd_PQsendPrepare(conn *connection, const char *name, const char *text) {
    return PQsendPrepare(connection, name, text, 0, NULL);
}
int fanoutd_PQsendQueryPrepared(
    conn *connection, const char *name, int count, const char *const *values, const int *lengths,
    const int *formats) {
    return PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1);
}
int fanoutd_PQflush(conn *connection) { return PQflush(connection); }
int fanoutd_PQconsumeInput(conn *connection) { return PQconsumeInput(connection); }
int fanoutd_PQisBusy(conn *connection) { return PQisBusy(connection); }

result *fanoutd_PQgetResult(conn *connection) { return PQgetResult(connection); }
void fanoutd_PQclear(result *answer) { PQclear(answer); }
int fanoutd_PQresultStatus(const result *answer) { return PQresultStatus(answer); }
const char *fanoutd_PQresultErrorField(const result *answer, int part) {
    return PQresultErrorField(answer, part);
}
const char *fanoutd_PQcmdStatus(result *answer) { return PQcmdStatus(answer); }
const char *fanoutd_PQcmdTuples(result *answer) { return PQcmdTuples(answer); }
int fanoutd_PQntuples(const result *answer) { return PQntuples(answer); }
bool fanoutd_PQgetisnull(const result *answer, int row, int column) {
    return PQgetisnull(answer, row, column);
}
const char *fanoutd_PQgetvalue(const result *answer, int row, int column) {
    return PQgetvalue(answer, row, column);
}
int fanoutd_PQgetlength(const result *answer, int row, int column) {
    return PQgetlength(answer, row, column);
}
